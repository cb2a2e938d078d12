package bare

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// An answer is what cannot be brought about by limits, want
// of memory, signals, time. What is not named is not taken for one.
func TestKinds(t *testing.T) {
	object := map[unix.Errno]bool{
		unix.ENOENT: true, unix.ENOTDIR: true, unix.EACCES: true, unix.ELOOP: true, unix.EPERM: true, unix.EROFS: true,
		unix.ENOSPC: true, unix.EDQUOT: true, unix.EEXIST: true, unix.ENAMETOOLONG: true, unix.ENODEV: true, unix.ENXIO: true,
		unix.ESTALE: true, unix.EOPNOTSUPP: true, unix.ENOSYS: true, unix.ENOEXEC: true, unix.EINVAL: true, unix.ETXTBSY: true, unix.EBUSY: true,
	}
	for n := Errno(0); n < 200; n++ {
		want := Kept
		switch {
		case n == 0:
			want = None
		case object[unix.Errno(n)]:
			want = Object
		}
		if got := n.Kind(); got != want {
			t.Errorf("%v: kind %d; want %d", unix.Errno(n), got, want)
		}
	}
	for _, n := range []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOMEM, unix.EAGAIN, unix.EINTR, unix.E2BIG, unix.EIO, unix.ETIMEDOUT, unix.ENOBUFS} {
		if Errno(n).Kind() != Kept {
			t.Errorf("%v is taken for an answer", n)
		}
	}
}

// Texts are those of the C library.
func TestErrnoText(t *testing.T) {
	named := 0
	for n := Errno(1); n < 200; n++ {
		if got, want := n.Text(), syscall.Errno(n).Error(); got != "error" {
			named++
			if got != want {
				t.Errorf("%d: %q; want %q", n, got, want)
			}
		} else if n.Kind() == Object {
			t.Errorf("%s has no text of its own", want)
		}
	}
	if named < 30 {
		t.Errorf("%d numbers have a text", named)
	}
}

func TestTrouble(t *testing.T) {
	for _, c := range []struct {
		trouble Trouble
		kind    Kind
		want    string
	}{
		{Trouble{}, None, ""},
		{Failed("openat", 0, "/x", ""), None, ""},
		{Failed("openat", Errno(unix.ENOENT), "/tmp", "x"), Object, "openat /tmp/x: no such file or directory"},
		{Failed("openat", Errno(unix.EMFILE), "/", "x"), Kept, "openat /x: too many open files"},
		{Failed("getgroups", Errno(unix.ENOMEM), "", ""), Kept, "getgroups: cannot allocate memory"},
		{Broken("/tmp", ".private", "is not a directory"), Object, "/tmp/.private is not a directory"},
		{Trouble{Where: "/tmp", Why: "has mode", Value: 0o777, Base: 8}, Object, "/tmp has mode 0777"},
		{Trouble{Where: "/tmp", Why: "belongs to uid", Value: 5, Base: 10, Want: ", not to root"}, Object, "/tmp belongs to uid 5, not to root"},
		{Trouble{Call: "capset", Errno: Errno(unix.EPERM), Where: "x", Lost: true}, Lost, "capset x: operation not permitted"},
	} {
		if c.trouble.Kind() != c.kind || c.trouble.OK() != (c.kind == None) {
			t.Errorf("%q: kind %d, OK %v; want kind %d", c.want, c.trouble.Kind(), c.trouble.OK(), c.kind)
		}
		if err := c.trouble.Err(); (err == nil) != (c.want == "") || err != nil && err.Error() != c.want {
			t.Errorf("the trouble is %q; want %q", err, c.want)
		}
		if missing := strings.HasSuffix(c.want, "no such file or directory"); c.trouble.Missing() != missing {
			t.Errorf("%q: missing: %v", c.want, c.trouble.Missing())
		}
	}
}
