package sys

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// opened is a file with this text, at its beginning.
func opened(t *testing.T, text string) int {
	t.Helper()
	fd, err := unix.MemfdCreate("test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	for b := []byte(text); len(b) > 0; {
		n, err := unix.Write(fd, b)
		if err != nil {
			t.Fatal(err)
		}
		b = b[n:]
	}
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		t.Fatal(err)
	}
	return fd
}

func TestEachLine(t *testing.T) {
	long := strings.Repeat("x", 16<<10)
	for _, text := range []string{
		"", "\n", "\n\n", "a", "a\n", "a\nb", "a\n\nb\n", "\x00\n\xff\r\n",
		long, long + "\n", long[1:] + "\n", long[1:] + "\na", long[2:] + "\n\n", long + long + "x\nend",
		strings.Repeat("0123456789abcde\n", 5000) + "last",
	} {
		var got []string
		if err := EachLine(opened(t, text), func(line []byte) bool {
			got = append(got, string(line))
			return true
		}); err != nil {
			t.Errorf("EachLine of %.20q… = %v; want no error", text, err)
		}
		if diff := cmp.Diff(lines(text), got); diff != "" {
			t.Errorf("EachLine of %d bytes %.20q… (-want +got):\n%.500s", len(text), text, diff)
		}
	}
}

// lines is the slow way.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// It stops when it is told to, and reads no file twice.
func TestEachLineStops(t *testing.T) {
	fd := opened(t, "a\nb\nc\n"+strings.Repeat("x\n", 1<<20))
	n := 0
	if err := EachLine(fd, func(line []byte) bool { n++; return string(line) != "b" }); err != nil || n != 2 {
		t.Errorf("EachLine visits %d lines, %v; want 2", n, err)
	}
	if at, _ := unix.Seek(fd, 0, 1); at > 64<<10 {
		t.Errorf("EachLine read %d bytes for two lines; want one buffer", at)
	}
	if err := EachLine(-1, func([]byte) bool { return true }); err == nil {
		t.Error("EachLine of no descriptor gives no error; want one")
	}
}

func FuzzEachLine(f *testing.F) {
	f.Add("a\nb\n", uint16(3))
	f.Add("", uint16(0))
	f.Add("\n", uint16(16383))
	f.Fuzz(func(t *testing.T, text string, stretch uint16) {
		text = strings.Repeat("y", int(stretch)) + text + strings.Repeat("z", int(stretch))
		var got []string
		if err := EachLine(opened(t, text), func(line []byte) bool { got = append(got, string(line)); return true }); err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(lines(text), got) {
			t.Errorf("EachLine of %d bytes gives %d lines; want %d", len(text), len(got), len(lines(text)))
		}
	})
}

func TestReadAll(t *testing.T) {
	text := strings.Repeat("0123456789", 1000)
	for _, test := range []struct{ hint, limit, want int }{
		{10000, 1 << 20, 10000},
		{0, 1 << 20, 10000}, // a file that says nothing of its size, as in /proc
		{1, 1 << 20, 10000},
		{1 << 30, 20000, 10000},
		{10000, 10000, 10000},
		{10000, 9999, 9999},
		{0, 1, 1},
		{0, 0, 0},
	} {
		got, err := ReadAll(opened(t, text), test.hint, test.limit)
		if err != nil || !bytes.Equal(got, []byte(text[:test.want])) {
			t.Errorf("ReadAll(hint %d, limit %d) = %d bytes, %v; want the first %d", test.hint, test.limit, len(got), err, test.want)
		}
	}
	if _, err := ReadAll(-1, 0, 10); err == nil {
		t.Error("ReadAll of no descriptor gives no error; want one")
	}
}

func TestDirNames(t *testing.T) {
	dir := t.TempDir()
	want := make(map[string]bool)
	for i := range 500 { // more than a buffer holds
		name := strings.Repeat("n", i%100+1) + "-" + string(rune('a'+i/100))
		want[name] = true
		if err := os.WriteFile(dir+"/"+name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	names, err := DirNames(dir)
	got := make(map[string]bool)
	for _, n := range names {
		got[n] = true
	}
	if err != nil || len(names) != len(want) || !cmp.Equal(want, got) {
		t.Errorf("DirNames = %d names, %v; want %d", len(names), err, len(want))
	}
	for _, bad := range []string{dir + "/none", "/dev/null", ""} {
		if _, err := DirNames(bad); err == nil {
			t.Errorf("DirNames(%q) gives no error; want one", bad)
		}
	}
}
