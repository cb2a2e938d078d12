package session

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/mounts"
	"tmpshell/internal/testas"
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
	id := func(n uint64) mounts.Namespace { return mounts.Namespace{ID: n, Inode: 9} }
	for _, test := range []struct {
		text string
		want []record
	}{
		{"", nil},
		{"12 5:9 7 a b c\n", []record{{pid: 12, namespace: id(5), root: 7, key: "a b c"}}},
		{"12 0:5 7 k\n13 6:9 8 k\n", []record{{pid: 13, namespace: id(6), root: 8, key: "k"}, {pid: 12, namespace: mounts.Namespace{Inode: 5}, root: 7, key: "k"}}},
		{"12 5:9 7 k\n13 6:9 7 k", []record{{pid: 12, namespace: id(5), root: 7, key: "k"}}},                                                                       // not whole
		{"x 5:9 7 k\n-1 5:9 7 k\n0 5:9 7 k\n\n13\n13 5:9\n13 5:9 7\n13 5:9 x k\n13 5 7 k\n14 6:9 7 k\n", []record{{pid: 14, namespace: id(6), root: 7, key: "k"}}}, // not valid
		{"99999999999999999999 5:9 7 k\n12 x:9 7 k\n", nil},
	} {
		if got := all(test.text); !slices.Equal(got, test.want) {
			t.Errorf("the records of %q are %+v; want %+v", test.text, got, test.want)
		}
	}
}

// asIs gives the capabilities back that a test lays down: to the same thread, and
// meanwhile no other one begins with what is left.
func asIs(t *testing.T) {
	t.Helper()
	testas.Root(t)
	runtime.LockOSThread()
	before, trouble := capset.Get()
	must(t, trouble.Err())
	t.Cleanup(func() {
		must(t, capset.Effective(before.Effective).Err())
		runtime.UnlockOSThread()
	})
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
	asIs(t)
	l, id := openList(t), here(t)
	gone := mounts.Namespace{ID: id.ID + 1<<40, Inode: id.Inode}
	me := uint64(os.Getpid())
	var dead strings.Builder
	for dead.Len() <= longest {
		dead.WriteString(line(record{pid: 1 << 30, namespace: gone, root: 7, key: "k"}))
	}
	first := record{pid: me, namespace: id, root: 7, key: "first"}
	_, _ = unix.Write(l, []byte(line(first)+dead.String()))
	addRecord(l, record{pid: me, namespace: id, root: 7, key: "last"})
	if got, want := all(readList(l)), []record{{pid: me, namespace: id, root: 7, key: "last"}, first}; !slices.Equal(got, want) {
		t.Errorf("after the dead were taken off there are %+v; want %+v", got, want)
	}

	l = openList(t)
	n := 0
	for ; ; n++ {
		addRecord(l, record{pid: me, namespace: id, root: 7, key: itoa(n) + " " + strings.Repeat("x", 100)})
		var st bare.Stat
		if bare.Fstat(l, &st) == 0 && st.Size > longest {
			break
		}
	}
	addRecord(l, record{pid: me, namespace: id, root: 7, key: "last"})
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

// A process that is dead, or in another namespace than the list says, is none; where
// the kernel knows namespaces by their names, it does not matter.
func TestRecordOpen(t *testing.T) {
	asIs(t)
	id, me := here(t), uint64(os.Getpid())
	other := func(id, inode uint64) mounts.Namespace { return mounts.Namespace{ID: id, Inode: inode} }
	self := record{pid: me, namespace: id}
	fd, _ := self.open()
	bare.Close(fd)
	for _, test := range []struct {
		pid       uint64
		namespace mounts.Namespace
		good      bool
	}{
		{me, id, true},
		{me, other(id.ID+1<<40, id.Inode), false},
		{me, other(id.ID, id.Inode+1), false},
		{1 << 30, id, self.byName},
		{1 << 30, other(0, id.Inode), false},
	} {
		r := record{pid: test.pid, namespace: test.namespace}
		fd, trouble := r.open()
		if fd >= 0 != test.good || !trouble.OK() {
			t.Errorf("open of %+v: %d, %v", r, fd, trouble.Err())
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
		{"126 123 0:48 /1000.17/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, true},
		{"126 123 0:48 /a/1000.17[3].x/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, true},
		{"126 123 0:48 /1000.17/tmp /tmp rw - fuse.x x rw", "/tmp", false, false},
		{"126 123 0:48 /1000./tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 /1000.17\\040x/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 /2000.1000/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 /1000.17/1000/tmp.17 /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
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
