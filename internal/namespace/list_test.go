package namespace

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"tmpshell/internal/mnt"
	"tmpshell/internal/sys"
)

func init() { runtime.LockOSThread() }

func TestParseList(t *testing.T) {
	for _, test := range []struct {
		text string
		want []record
	}{
		{"", nil},
		{"12 5 a b c\n", []record{{12, "5", "a b c"}}},
		{"12 inode-5 k\n13 6 k\n", []record{{12, "inode-5", "k"}, {13, "6", "k"}}},
		{"12 5 k\n13 6 k", []record{{12, "5", "k"}}},                             // not whole
		{"x 5 k\n-1 5 k\n0 5 k\n\n13\n13 5\n14 6 k\n", []record{{14, "6", "k"}}}, // not right
		{"99999999999999999999 5 k\n", nil},
	} {
		if diff := cmp.Diff(test.want, parseList(test.text), cmp.AllowUnexported(record{})); diff != "" {
			t.Errorf("parseList(%q) (-want +got):\n%s", test.text, diff)
		}
	}
}

func list(t *testing.T) int {
	t.Helper()
	fd, err := unix.Open(t.TempDir()+"/list", unix.O_RDWR|unix.O_CREAT|unix.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func here(t *testing.T) string {
	t.Helper()
	fd, err := mnt.Current()
	if err != nil {
		t.Fatal(err)
	}
	defer sys.Close(fd)
	id, err := mnt.ID(fd)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// A list that grows too long keeps the sessions that live, the oldest and the
// newest of them.
func TestListIsShortened(t *testing.T) {
	l, id := list(t), here(t)
	me := os.Getpid()
	var dead strings.Builder
	for dead.Len() <= longest {
		fmt.Fprintf(&dead, "%d %s k\n", 1<<30, id)
	}
	first := record{me, id, "first"}
	_, _ = unix.Write(l, []byte(first.line()+dead.String()))
	addRecord(l, record{me, id, "last"})
	want := []record{first, {me, id, "last"}}
	if diff := cmp.Diff(want, readList(l), cmp.AllowUnexported(record{})); diff != "" {
		t.Errorf("after the dead were taken off (-want +got):\n%s", diff)
	}

	l = list(t)
	n := 0
	for ; ; n++ {
		addRecord(l, record{me, id, strconv.Itoa(n) + " " + strings.Repeat("x", 100)})
		if st, _ := sys.Fstat(l); st.Size > longest {
			break
		}
	}
	addRecord(l, record{me, id, "last"})
	got := readList(l)
	if len(got) != most+1 || !strings.HasPrefix(got[0].key, "0 ") || got[most].key != "last" || !strings.HasPrefix(got[most-1].key, strconv.Itoa(n)+" ") {
		t.Errorf("of %d living, %d are kept, from %.5s to %.5s and %s", n+1, len(got), got[0].key, got[len(got)-2].key, got[len(got)-1].key)
	}
}

// A process that is dead, or in another namespace than the list says, is none.
func TestRecordOpen(t *testing.T) {
	id := here(t)
	for _, test := range []struct {
		r    record
		good bool
	}{
		{record{os.Getpid(), id, ""}, true},
		{record{os.Getpid(), id + "0", ""}, false},
		{record{os.Getpid(), "inode-1", ""}, false},
		{record{1 << 30, id, ""}, false},
	} {
		fd, err := test.r.open()
		if (err == nil) != test.good {
			t.Errorf("open of %+v: %v", test.r, err)
		}
		sys.Close(fd)
	}
}

func TestMountinfo(t *testing.T) {
	d := Directory{}
	d.At = "/tmp"
	for _, test := range []struct {
		line, at    string
		fresh, kept bool
	}{
		{"126 123 0:48 /lib/tmpshell/1000/tmp /tmp rw,nosuid master:31 - overlay overlay rw", "/tmp", false, true},
		{"126 123 0:48 /1000/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, true},
		{"126 123 0:48 /1000/tmp /tmp rw - fuse.x x rw", "/tmp", false, false},
		{"126 123 0:48 /11000/tmp /tmp rw - ext4 /dev/sda1 rw", "/tmp", false, false},
		{"126 123 0:48 / /tmp rw shared:1 master:2 - tmpfs tmpshell:1000 rw", "/tmp", true, false},
		{"126 123 0:48 / /tmp rw - tmpfs tmpshell:10001 rw", "/tmp", false, false},
		{"126 123 0:48 / /tmp rw - fuse tmpshell:1000 rw", "/tmp", false, false},
		{"126 123 0:48 / /tmp rw", "", false, false},
		{"", "", false, false},
	} {
		at, fresh := mountinfo(test.line, source(1000))
		if at != test.at || fresh != test.fresh {
			t.Errorf("mountinfo(%q) = %q, %v", test.line, at, fresh)
		}
		if _, kept := d.mountedBy(test.line, 1000); kept != test.kept {
			t.Errorf("mountedBy(%q) = %v", test.line, kept)
		}
	}
}
