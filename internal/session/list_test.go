package session

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/mounts"
)

func itoa(n int) string { return strconv.Itoa(n) }

// all returns the records of a text, the newest first.
func all(text string) (list []record) {
	for r, ok := lastRecord(&text); ok; r, ok = lastRecord(&text) {
		r.key = strings.Clone(r.key)
		list = append(list, r)
	}
	return list
}

func TestLastRecord(t *testing.T) {
	id := func(n uint64) mounts.Namespace { return mounts.Namespace{Number: n} }
	for _, test := range []struct {
		text string
		want []record
	}{
		{"", nil},
		{"12 5 a b c\n", []record{{12, id(5), "a b c"}}},
		{"12 inode-5 k\n13 6 k\n", []record{{13, id(6), "k"}, {12, mounts.Namespace{Number: 5, IsInode: true}, "k"}}},
		{"12 5 k\n13 6 k", []record{{12, id(5), "k"}}},                             // not whole
		{"x 5 k\n-1 5 k\n0 5 k\n\n13\n13 5\n14 6 k\n", []record{{14, id(6), "k"}}}, // not valid
		{"99999999999999999999 5 k\n12 x k\n", nil},
	} {
		if got := all(test.text); !slices.Equal(got, test.want) {
			t.Errorf("the records of %q are %+v; want %+v", test.text, got, test.want)
		}
	}
}

func openList(t *testing.T) int {
	t.Helper()
	fd, err := unix.Open(t.TempDir()+"/list", unix.O_RDWR|unix.O_CREAT|unix.O_APPEND|unix.O_CLOEXEC, 0o600)
	must(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func here(t *testing.T) mounts.Namespace {
	t.Helper()
	fd, trouble := mounts.Current()
	must(t, trouble.Err())
	defer bare.Close(fd)
	id, e := mounts.NamespaceOf(fd)
	if e != 0 {
		t.Fatal(e.Text())
	}
	return id
}

func line(r record) string {
	var buf [keySize + 64]byte
	text := bare.NewText(buf[:])
	r.add(&text)
	return string(text.Bytes())
}

// A list that grows too long keeps the sessions that live, the oldest and the
// newest of them.
func TestListIsShortened(t *testing.T) {
	l, id := openList(t), here(t)
	me := uint64(os.Getpid())
	var dead strings.Builder
	for dead.Len() <= longest {
		dead.WriteString(line(record{1 << 30, id, "k"}))
	}
	first := record{me, id, "first"}
	_, _ = unix.Write(l, []byte(line(first)+dead.String()))
	addRecord(l, record{me, id, "last"})
	if got, want := all(readList(l)), []record{{me, id, "last"}, first}; !slices.Equal(got, want) {
		t.Errorf("after the dead were taken off there are %+v; want %+v", got, want)
	}

	l = openList(t)
	n := 0
	for ; ; n++ {
		addRecord(l, record{me, id, itoa(n) + " " + strings.Repeat("x", 100)})
		var st bare.Stat
		if bare.Fstat(l, &st) == 0 && st.Size > longest {
			break
		}
	}
	addRecord(l, record{me, id, "last"})
	got := all(readList(l))
	if len(got) != most+1 {
		t.Fatalf("of %d living, %d are kept", n+1, len(got))
	}
	for i, want := range map[int]string{0: "last", 1: itoa(n) + " ", 20: itoa(n-19) + " ", 21: "19 ", 40: "0 "} {
		if !strings.HasPrefix(got[i].key, want) {
			t.Errorf("of %d living, number %d of those that are kept is %.5s; want %s", n+1, i, got[i].key, want)
		}
	}
}

// A process that is dead, or in another namespace than the list says, is none.
func TestRecordOpen(t *testing.T) {
	id, me := here(t), uint64(os.Getpid())
	for _, test := range []struct {
		r    record
		good bool
	}{
		{record{me, id, ""}, true},
		{record{me, mounts.Namespace{Number: id.Number + 1}, ""}, false},
		{record{me, mounts.Namespace{Number: id.Number, IsInode: !id.IsInode}, ""}, false},
		{record{1 << 30, id, ""}, false},
	} {
		fd, ok := test.r.open()
		if ok != test.good {
			t.Errorf("open of %+v: %v", test.r, ok)
		}
		bare.Close(fd)
	}
}

func TestParseMount(t *testing.T) {
	for _, test := range []struct {
		line, at    string
		fresh, kept bool
	}{
		{"126 123 0:48 /lib/tmpshell/1000/tmp /tmp rw,nosuid master:31 - overlay overlay rw", "/tmp", false, true},
		{"126 123 0:48 /1000/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, true},
		{"126 123 0:48 /1000/tmp /tmp rw - fuse.x x rw", "/tmp", false, false},
		{"126 123 0:48 /1000/tmp//deleted /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 /11000/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 /a\\0401000/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 / /tmp rw shared:1 master:2 - tmpfs tmpshell:1000 rw", "/tmp", true, false},
		{"126 123 0:48 / /tmp rw - tmpfs tmpshell:10001 rw", "/tmp", false, false},
		{"126 123 0:48 / /tmp rw - fuse tmpshell:1000 rw", "/tmp", false, false},
		{"126 123 0:48 / /tmp rw", "", false, false},
		{"", "", false, false},
		{" - ", "", false, false},
	} {
		var kept, fresh Directory
		kept.At, fresh.At, fresh.Fresh = "/tmp", "/tmp", true
		m, ok := parseMount(test.line)
		if m.at != test.at || ok != (test.at != "") {
			t.Errorf("parseMount(%q) = %+v, %v", test.line, m, ok)
		}
		if is := m.isOf(&fresh, 1000); is != test.fresh {
			t.Errorf("%q is the tmpfs: %v", test.line, is)
		}
		if is := m.isOf(&kept, 1000); is != test.kept {
			t.Errorf("%q is the instance: %v", test.line, is)
		}
	}
	for _, c := range []struct {
		field, path string
		want        bool
	}{
		{"/a", "/a", true}, {"/a", "/ab", false}, {"/ab", "/a", false}, {"", "", true},
		{`/a\040b\134`, `/a b\`, true}, {`/a\011\012`, "/a\t\n", true}, {`/a\040b`, `/a\040b`, false},
	} {
		if got := same(c.field, c.path); got != c.want {
			t.Errorf("%q is %q: %v", c.field, c.path, got)
		}
	}
	if got := ending(`/x\040y/1000/a\040b`, len("/1000/a b")); got != `/1000/a\040b` {
		t.Errorf("the ending is %q", got)
	}
}

func TestNextName(t *testing.T) {
	for value, want := range map[string]string{
		"/tmp/ssh-3/agent.4":                      "ssh-3",
		"FILE:/tmp/krb5cc_1":                      "krb5cc_1",
		"unix:path=/tmp/dbus-1,guid=2":            "dbus-1",
		"local/x:@/tmp/.ICE-unix/7,unix/x:/tmp/b": ".ICE-unix b",
		"/home/x/tmp/a":                           "",
		"/tmp":                                    "",
		"/tmp/":                                   "",
		"/tmp/..":                                 "",
		"/tmpx/a:/tmp/c":                          "c",
		"/tmp//tmp/d":                             "d",
		"/var/tmp/e":                              "",
		"":                                        "",
		"{/tmp/f;/tmp/g /tmp/h":                   "f g h",
		fmt.Sprintf("/tmp/%s", strings.Repeat("n", 300)): strings.Repeat("n", 300),
	} {
		var got []string
		rest := value
		for name, ok := nextName(&rest, "/tmp"); ok; name, ok = nextName(&rest, "/tmp") {
			got = append(got, name)
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%q names %q; want %q", value, text, want)
		}
	}
}
