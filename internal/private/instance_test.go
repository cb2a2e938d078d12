package private

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

const shares = "meet/,sock,other/"

// instanceIn is one whose places are in a directory of the test's, as are At,
// which is as /tmp is, and cache, which is as /var/cache is.
func instanceIn(top, at string) *Instance {
	return &Instance{At: top + "/" + at, Share: shares, Store: top + "/lib/store", Run: top + "/run/places"}
}

// furnish makes, as root, what an instance of alice's needs.
func furnish(t *testing.T, at string) (top string) {
	t.Helper()
	top = furnishIn(t, shared(t), at)
	i := instanceIn(top, at)
	mark(t, i, i.ShareList())
	return top
}

// mark sets that of an instance, if the file system keeps marks: a tmpfs does from
// Linux 6.6 on. Where it does not, the instance is read.
func mark(t *testing.T, i *Instance, list uint64) (kept bool) {
	t.Helper()
	err := unix.Setxattr(i.Store+"/61001/"+nameOfAt(i), ShareMark, binary.NativeEndian.AppendUint64(nil, list), 0)
	if !errors.Is(err, unix.EOPNOTSUPP) {
		must(t, err)
	}
	return err == nil
}

// unmarked is furnish on a file system that keeps no marks.
func unmarked(t *testing.T, at string) (top string) {
	t.Helper()
	top = shared(t)
	must(t, os.Mkdir(top+"/lib", 0o755))
	if err := unix.Mount("none", top+"/lib", "ramfs", 0, ""); err != nil {
		t.Skip("needs to mount: ", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(top+"/lib", unix.MNT_DETACH) })
	return furnishIn(t, top, at)
}

func furnishIn(t *testing.T, top, at string) string {
	t.Helper()
	must(t, os.Chmod(top, 0o755))
	dir := func(path string, uid int, mode os.FileMode) {
		must(t, os.MkdirAll(path, 0o755))
		must(t, errors.Join(os.Chown(path, uid, uid), os.Chmod(path, mode)))
	}
	i := instanceIn(top, at)
	name := nameOfAt(i)
	dir(top+"/public", 0, 0o777|os.ModeSticky)
	dir(top+"/cache", 0, 0o755)
	dir(i.Store, 0, 0o700)
	dir(i.Store+"/61001", 0, 0o700)
	own := i.Store + "/61001/" + name
	if at == "public" {
		dir(own, 0, 0o777|os.ModeSticky)
	} else {
		dir(own, alice, 0o700)
	}
	dir(i.Run+"/shared/"+name, 0, 0o755)
	dir(i.Run+"/sessions", 0, 0o700)
	must(t, os.WriteFile(i.Run+"/sessions/61001", nil, 0o600))
	must(t, os.Chown(i.Run+"/sessions/61001", alice, alice))
	for _, entry := range []string{"meet", "other"} {
		dir(i.At+"/"+entry, 0, 0o777|os.ModeSticky)
		dir(own+"/"+entry, 0, 0o755)
	}
	must(t, os.Symlink(i.Run+"/shared/"+name+"/sock", own+"/sock"))
	must(t, os.Lchown(own+"/sock", alice, alice))
	return top
}

func mustReadlink(t *testing.T, path string) string {
	t.Helper()
	to, err := os.Readlink(path)
	must(t, err)
	return to
}

func nameOfAt(i *Instance) string {
	var name Name
	return strings.Clone(name.Of(i.At))
}

// insideInstance is what alice does: it prints the kinds of what is wrong.
func insideInstance(t *testing.T) {
	t.Helper()
	at, top, _ := strings.Cut(testas.Dir(), ":")
	i := instanceIn(top, at)
	locked(t, func() {
		before, trouble := capset.Quiet()
		if !trouble.OK() {
			t.Fatal(trouble.Err())
		}
		var o Opened
		verdict := i.Open(alice, &o)
		shares := verdict
		if verdict.OK() {
			shares = i.VerifyShares(alice, &o)
		}
		o.Close()
		if verdict.Lost || shares.Lost {
			t.Errorf("privilege is lost: %v, %v", verdict.Err(), shares.Err())
		}
		if s, trouble := capset.Get(); !trouble.OK() || s.Effective != 0 || s.Permitted != before {
			t.Errorf("the capabilities are %+v", s)
		}
		t.Logf("verify=%v shares=%v=", verdict.Err(), shares.Err())
	})
}

// verified returns what the session program, with its capabilities, finds.
func verified(t *testing.T, s capset.Set, top, at string) (verdict, shares string) {
	t.Helper()
	out := testas.Run(t, user(alice, s), "verify", at+":"+top)
	_, out, _ = strings.Cut(out, "verify=")
	verdict, out, _ = strings.Cut(out, " shares=")
	shares, _, _ = strings.Cut(out, "=")
	return verdict, shares
}

const fine = "<nil>"

// TestInstance finds instances, as root's and as the user's.
func TestInstance(t *testing.T) {
	if testas.Inside() != "" {
		insideInstance(t)
		return
	}
	for _, at := range []string{"public", "cache"} {
		top := furnish(t, at)
		if verdict, shares := verified(t, capset.Keeper, top, at); verdict != fine || shares != fine {
			t.Errorf("%s: %s; shares: %s", at, verdict, shares)
		}
		// Without capabilities nobody gets there.
		if verdict, _ := verified(t, 0, top, at); !strings.Contains(verdict, "permission denied") {
			t.Errorf("%s, without capabilities: %s", at, verdict)
		}
		i := instanceIn(top, at)
		if got, want := text(func(to *bare.Text) { i.AddPath(to, alice) }), i.Store+"/61001/"+nameOfAt(i); got != want {
			t.Errorf("the path is %s; want %s", got, want)
		}
		if got, want := text(i.AddSharedPath), i.Run+"/shared/"+nameOfAt(i); got != want {
			t.Errorf("the path of the shared directory is %s; want %s", got, want)
		}
	}
}

// TestInstanceSpoiled spoils one thing, and it is seen and named.
func TestInstanceSpoiled(t *testing.T) {
	if testas.Inside() != "" {
		insideInstance(t)
		return
	}
	chown := func(uid, gid int) func(string) error { return func(p string) error { return os.Chown(p, uid, gid) } }
	chmod := func(mode os.FileMode) func(string) error { return func(p string) error { return os.Chmod(p, mode) } }
	by := func(what func(string) error) func(string) error {
		return func(p string) error { return errors.Join(os.RemoveAll(p), what(p)) }
	}
	link := by(func(p string) error { return os.Symlink("/nowhere", p) })
	file := by(func(p string) error { return os.WriteFile(p, nil, 0o700) })
	fifo := by(func(p string) error { return unix.Mkfifo(p, 0o600) })
	point := func(p string) error { return errors.Join(os.Mkdir(p, 0), os.Chmod(p, os.ModeSticky)) }
	bobs := func(link string) error { // the shared file
		public := filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(filepath.Dir(link))))) + "/public/sock"
		return errors.Join(os.WriteFile(public, nil, 0o600), os.Chown(public, bob, bob))
	}
	const store, own, run = "/lib/store", "/lib/store/61001", "/run/places"
	const instance = own + "/NAME"
	const uid, mode, group, kind = "belongs to uid", "has mode", "belongs to group", "is not a directory"
	for _, c := range []struct {
		name, at, path string
		spoil          func(path string) error
		want           string // in the verdict, with the path
		shares         bool   // it is the shares that are not as they must be
	}{
		{"a store of alice's", "public", store, chown(alice, 0), uid, false},
		{"a store for everybody", "public", store, chmod(0o777), mode, false},
		{"a store that others can search", "public", store, chmod(0o711), mode, false},
		{"a store of another group", "public", store, chown(0, alice), group, false},
		{"a link for a store", "public", store, link, kind, false},
		{"no store", "public", store, os.RemoveAll, "no such file", false},
		{"alice's directory is alice's", "public", own, chown(alice, 0), uid, false},
		{"alice's directory is open", "public", own, chmod(0o755), mode, false},
		{"a link for alice's directory", "public", own, link, kind, false},
		{"a FIFO for alice's directory", "public", own, fifo, kind, false},
		{"a file for alice's directory", "public", own, file, kind, false},
		{"a public instance of alice's", "public", instance, chown(alice, 0), uid, false},
		{"a public instance that is not sticky", "public", instance, chmod(0o777), mode, false},
		{"a public instance that is shut", "public", instance, chmod(0o700), mode, false},
		{"a link for an instance", "public", instance, link, kind, false},
		{"a cache of bob's", "cache", instance, chown(bob, bob), uid, false},
		{"a cache of root's", "cache", instance, chown(0, 0), uid, false},
		{"a cache that is open", "cache", instance, chmod(0o755), mode, false},
		{"places of alice's", "public", run, chown(alice, 0), uid, false},
		{"places for everybody", "public", run, chmod(0o777), mode, false},
		{"a list of sessions that can be read", "public", run + "/sessions", chmod(0o755), mode, false},
		{"a list of bob's", "public", run + "/sessions/61001", chown(bob, bob), "permission denied", false},
		{"a list that others can write", "public", run + "/sessions/61001", chmod(0o666), mode, false},
		{"a FIFO of alice's for a list", "public", run + "/sessions/61001", func(p string) error {
			return errors.Join(fifo(p), os.Chown(p, alice, alice))
		}, "is not a file", false},
		{"no list", "public", run + "/sessions/61001", os.Remove, "no such file", false},
		{"mount points of alice's", "public", run + "/shared", chown(alice, 0), uid, false},
		{"a file for a mount point", "public", run + "/shared/NAME", file, kind, false},
		{"a shared directory of alice's", "cache", "/cache", chown(alice, 0), uid, false},
		{"a shared directory that everybody can write to", "cache", "/cache", chmod(0o777), "is not sticky", false},
		{"a parent of alice's", "public", "/lib", chown(alice, 0), uid, false},
		{"no rendezvous", "public", "/public/meet", os.RemoveAll, "no such file", true},
		{"no mount point for it", "public", instance + "/meet", os.RemoveAll, "no such file", true},
		{"a file in the place of it", "public", instance + "/other", file, "not a directory", true},
		{"no link, and no file", "public", instance + "/sock", os.Remove, fine, true}, // a session makes it
		{"no link to bob's file", "public", instance + "/sock", func(p string) error {
			return errors.Join(os.Remove(p), bobs(p))
		}, "no such file", true},
		{"a link of alice's to bob's file", "public", instance + "/sock", func(p string) error {
			return errors.Join(os.Lchown(p, alice, alice), bobs(p))
		}, uid, true},
		{"a link of root's to nothing", "public", instance + "/sock", func(p string) error { return os.Lchown(p, 0, 0) }, uid, true},
		{"a rendezvous of alice's", "public", "/public/meet", chown(alice, alice), uid, true},
		{"a rendezvous of root's that is shut, which is left alone", "public", "/public/meet", chmod(0o755), fine, true},
		{"a mount point that is not used", "public", instance + "/old", point, "is left", true},
		{"a mount point of alice's", "public", instance + "/old", func(p string) error {
			return errors.Join(point(p), os.Chown(p, alice, alice))
		}, fine, true},
		{"a directory of root's", "public", instance + "/old", func(p string) error { return os.Mkdir(p, 0o755) }, fine, true},
		{"a mount point in the place of a link", "public", instance + "/sock", func(p string) error { return errors.Join(os.Remove(p), point(p)) }, "is left", true},
		{"a link of root's to elsewhere", "public", instance + "/old", func(p string) error { return os.Symlink("/etc", p) }, fine, true},
		{"a link that is not used", "public", instance + "/old", func(p string) error {
			return os.Symlink(strings.ReplaceAll(mustReadlink(t, filepath.Dir(p)+"/sock"), "/sock", "/old"), p)
		}, "is left", true},
		{"something of alice's for a link", "public", instance + "/sock", file, fine, true},
	} {
		make := furnish
		if c.want == "is left" {
			make = unmarked
		}
		top := make(t, c.at)
		path := top + strings.ReplaceAll(c.path, "NAME", nameOfAt(instanceIn(top, c.at)))
		must(t, c.spoil(path))
		verdict, shares := verified(t, capset.Keeper, top, c.at)
		got := verdict
		if c.shares {
			if got = shares; verdict != fine {
				t.Errorf("%s: %s", c.name, verdict)
			}
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s; want %q", c.name, got, c.want)
		}
		if c.want != fine && !strings.Contains(got, path) {
			t.Errorf("%s: %s does not name %s", c.name, got, path)
		}
	}
}

// TestShareMark: an instance is read only where its file system keeps no marks; one
// with another mark, or none, is the helper's to read.
func TestShareMark(t *testing.T) {
	if testas.Inside() != "" {
		insideInstance(t)
		return
	}
	const other = "may have what is left of another share"
	for _, c := range []struct {
		name string
		set  func(i *Instance, own string) error
		want string
	}{
		{"the mark of this list", func(*Instance, string) error { return nil }, fine},
		{"of another list", func(i *Instance, _ string) error { mark(t, i, i.ShareList()+1); return nil }, other},
		{"of another user's name", func(i *Instance, _ string) error {
			named := *i
			named.User = "alice"
			mark(t, i, named.ShareList())
			return nil
		}, other},
		{"none", func(_ *Instance, own string) error { return unix.Removexattr(own, ShareMark) }, other},
		{"a longer one", func(_ *Instance, own string) error { return unix.Setxattr(own, ShareMark, make([]byte, 9), 0) }, other},
		{"a shorter one", func(_ *Instance, own string) error { return unix.Setxattr(own, ShareMark, make([]byte, 7), 0) }, other},
	} {
		top := furnish(t, "public")
		i := instanceIn(top, "public")
		if !mark(t, i, i.ShareList()) {
			t.Skip("needs a file system that keeps user attributes: ", top)
		}
		own := i.Store + "/61001/" + nameOfAt(i)
		must(t, errors.Join(os.Mkdir(own+"/old", 0), os.Chmod(own+"/old", os.ModeSticky), c.set(i, own)))
		if verdict, shares := verified(t, capset.Keeper, top, "public"); verdict != fine || shares != c.want && !strings.HasSuffix(shares, c.want) {
			t.Errorf("%s: %s, %s; want %q", c.name, verdict, shares, c.want)
		}
	}
}

// A rendezvous directory must be root's and 1777, and nothing must be mounted
// there, whatever that looks like.
func TestOpenRendezvous(t *testing.T) {
	if testas.Inside() == "" {
		alone(t, "rendezvous", furnish(t, "public"))
		top := furnish(t, "public")
		for entry, c := range map[string]struct {
			uid  int
			mode os.FileMode
			good bool
		}{
			"valid": {0, 0o777 | os.ModeSticky, true}, "alices": {alice, 0o777 | os.ModeSticky, false},
			"unsticky": {0, 0o777, false}, "closed": {0, 0o755, false},
		} {
			path := top + "/public/" + entry
			must(t, errors.Join(os.Mkdir(path, 0o700), os.Chown(path, c.uid, c.uid), os.Chmod(path, c.mode)))
			if trouble := rendezvous(t, top, entry); trouble.OK() != c.good {
				t.Errorf("%s: %v", entry, trouble.Err())
			}
		}
		must(t, os.Symlink("valid", top+"/public/link"))
		if trouble := rendezvous(t, top, "link"); !trouble.Unsafe() {
			t.Errorf("a link: %v", trouble.Err())
		}
		return
	}
	top := testas.Dir()
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	mount(t, "x", top+"/public/meet", "tmpfs", 0, "mode=1777,uid=0,gid=0")
	mount(t, top+"/public/other", top+"/public/other", "", unix.MS_BIND, "")
	for _, entry := range []string{"meet", "other"} {
		if trouble := rendezvous(t, top, entry); trouble.Why != "is a mount point" {
			t.Errorf("%s: %v", entry, trouble.Err())
		}
	}
}

func rendezvous(t *testing.T, top, entry string) bare.Trouble {
	t.Helper()
	i := instanceIn(top, "public")
	dir, e := bare.Open(i.At, unix.O_PATH|unix.O_DIRECTORY)
	if e != 0 {
		t.Fatal(e.Text())
	}
	defer bare.Close(dir)
	fd, trouble := i.OpenShare(dir, &Share{Name: entry, Directory: true}, alice)
	bare.Close(fd)
	return trouble
}

// An instance that cannot be written to is none, unless the shared directory
// cannot be either.
func TestReadOnlyInstance(t *testing.T) {
	if testas.Inside() == "" {
		alone(t, "read-only", furnish(t, "public"))
		return
	}
	top := testas.Dir()
	i := instanceIn(top, "public")
	readOnly := func(path string) {
		mount(t, path, path, "", unix.MS_BIND, "")
		mount(t, "", path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	locked(t, func() {
		must(t, unix.Unshare(unix.CLONE_FS))
		mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		if trouble := i.Verify(alice); !trouble.OK() {
			t.Errorf("before: %v", trouble.Err())
		}
		must(t, capset.Effective(capset.SysAdmin).Err())
		readOnly(i.Store)
		if trouble := i.Verify(alice); trouble.Why != "is on a read-only file system" {
			t.Errorf("read-only: %v", trouble.Err())
		}
		must(t, capset.Effective(capset.SysAdmin).Err())
		readOnly(i.At)
		if trouble := i.Verify(alice); !trouble.OK() {
			t.Errorf("both are read-only: %v", trouble.Err())
		}
	})
}

// Inside a session, where something else is mounted on it, the shared directory is
// found where the session keeps it; outside, that place is an empty one.
func TestOpenShared(t *testing.T) {
	same := func(i *Instance, path string) {
		t.Helper()
		fd, trouble := i.OpenShared()
		must(t, trouble.Err())
		defer bare.Close(fd)
		var got, want bare.Stat
		if bare.Fstat(fd, &got) != 0 || bare.StatPath(path, &want) != 0 || !got.SameFile(&want) {
			t.Errorf("OpenShared is not %s", path)
		}
	}
	if testas.Inside() == "" {
		top := furnish(t, "public")
		i := instanceIn(top, "public")
		same(i, i.At)
		must(t, os.Mkdir(top+"/public/mine", 0o755))
		alone(t, "shared", top)
		must(t, os.Chown(i.Run, alice, alice))
		same(i, i.At) // what is not root's is not believed
		must(t, os.Chown(top+"/public", alice, alice))
		if fd, trouble := i.OpenShared(); !trouble.Unsafe() || fd >= 0 {
			t.Errorf("of alice's: %d, %v", fd, trouble.Err())
		}
		return
	}
	i := instanceIn(testas.Dir(), "public")
	mount(t, "", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
	same(i, i.At)
	kept := text(i.AddSharedPath)
	mount(t, i.At, kept, "", unix.MS_BIND, "")
	mount(t, i.At+"/mine", i.At, "", unix.MS_BIND, "")
	same(i, kept)
	if _, err := os.Lstat(kept + "/mine"); err != nil {
		t.Error(err)
	}
}

func TestShares(t *testing.T) {
	for user, want := range map[string][]Share{
		"al": {{Name: ".X11-unix", Directory: true}, {Name: "sock"}, {Name: "t-61001", Directory: true, Users: true},
			{Name: "al.s", Users: true}, {Name: ".db.*", Pattern: true}, {Name: "k-61001_?", Users: true, Pattern: true}, {Name: "${X}"}},
		"":    {{Name: ".X11-unix", Directory: true}, {Name: "sock"}, {Name: "t-61001", Directory: true, Users: true}, {Name: ".db.*", Pattern: true}, {Name: "k-61001_?", Users: true, Pattern: true}, {Name: "${X}"}},
		"a/b": {{Name: ".X11-unix", Directory: true}, {Name: "sock"}, {Name: "t-61001", Directory: true, Users: true}, {Name: ".db.*", Pattern: true}, {Name: "k-61001_?", Users: true, Pattern: true}, {Name: "${X}"}},
	} {
		i := Instance{Share: ".X11-unix/,,sock,/,t-${UID}/,${USER}.s,.db.*,k-${UID}_?,${X}," + strings.Repeat("x", 300), User: user}
		var got []Share
		all := i.Shares(alice)
		for s, ok := all.Next(); ok; s, ok = all.Next() {
			s.Name = strings.Clone(s.Name)
			got = append(got, s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("for the user %q (-want +got):\n%s", user, diff)
		}
	}
}

func TestRootsOwn(t *testing.T) {
	for _, c := range []struct {
		uid, mode uint32
		want      bool
	}{{0, 0o1777, true}, {0, 0o777, false}, {0, 0o1755, false}, {alice, 0o1777, false}, {0, 0o1703, true}} {
		if got := RootsOwn(&bare.Stat{UID: c.uid, Mode: unix.S_IFDIR | c.mode}); got != c.want {
			t.Errorf("RootsOwn(%d, %o) = %v", c.uid, c.mode, got)
		}
	}
}

func TestName(t *testing.T) {
	var name Name
	for at, want := range map[string]string{"/tmp": "tmp", "/var/tmp": "var-tmp", "/": "", "/a b/c": "a b-c"} {
		if got := name.Of(at); got != want {
			t.Errorf("the name of %s is %q; want %q", at, got, want)
		}
	}
	if got := name.Of("/" + strings.Repeat("x", 300)); len(got) <= unix.NAME_MAX {
		t.Errorf("a name that is too long is cut to %d bytes, which a name may have", len(got))
	}
}
