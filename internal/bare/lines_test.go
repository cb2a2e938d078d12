package bare

import (
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Lines returns every line, and of one that does not fit its beginning.
func TestLines(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string // with "+" for a line that was cut
	}{
		{"", nil},
		{"\n", []string{""}},
		{"a\nb\n", []string{"a", "b"}},
		{"a\nb", []string{"a", "b"}},
		{"\n\na\n\n", []string{"", "", "a", ""}},
		{"12345678\na\n", []string{"12345678+", "a"}},
		{"1234567\na\n", []string{"1234567", "a"}},
		{strings.Repeat("x", 100) + "\na\nb", []string{"xxxxxxxx+", "a", "b"}},
		{strings.Repeat("x", 100), []string{"xxxxxxxx+"}},
		{"a\n" + strings.Repeat("x", 16) + "\nb\n", []string{"a", "xxxxxxxx+", "b"}},
	} {
		path := t.TempDir() + "/file"
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		fd, e := Open(path, unix.O_RDONLY)
		if e != 0 {
			t.Fatal(e.Text())
		}
		var buf [8]byte
		var got []string
		lines := NewLines(fd, buf[:])
		for {
			line, ok, e := lines.Next()
			if e != 0 {
				t.Fatal(e.Text())
			}
			if !ok {
				break
			}
			line = strings.Clone(line)
			if lines.Cut {
				line += "+"
			}
			got = append(got, line)
		}
		Close(fd)
		if !slices.Equal(got, c.want) {
			t.Errorf("the lines of %q are %q; want %q", c.text, got, c.want)
		}
	}
}

func TestEntries(t *testing.T) {
	dir := t.TempDir()
	want := []string{".", "..", "a", strings.Repeat("n", 255)}
	for _, name := range want[2:] {
		if err := os.WriteFile(dir+"/"+name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	fd, e := Open(dir, unix.O_RDONLY|unix.O_DIRECTORY)
	if e != 0 {
		t.Fatal(e.Text())
	}
	defer Close(fd)
	var buf [4096]byte
	var got []string
	// The kernel ends a call early for a signal, as the runtime sends them.
	for {
		s, e := ReadEntries(fd, buf[:])
		if e != 0 {
			t.Fatal(e.Text())
		}
		if len(s.rest) == 0 {
			break
		}
		for name, ok := s.Next(); ok; name, ok = s.Next() {
			got = append(got, strings.Clone(name))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the names are %q; want %q", got, want)
	}
}

// What Keep returns stays, and what is too much is cut.
func TestKeep(t *testing.T) {
	a := Keep("/tmp", "/", ".private", "/1000")
	if a != "/tmp/.private/1000" {
		t.Errorf("Keep returns %q", a)
	}
	long := strings.Repeat("x", len(run.kept)-10)
	if b := Keep(long, "", "", ""); b != long {
		t.Errorf("of %d bytes Keep has kept %d", len(long), len(b))
	}
	if b := Keep(long, long, "", ""); len(b) != len(run.kept) {
		t.Errorf("of too much Keep has kept %d bytes", len(b))
	}
}
