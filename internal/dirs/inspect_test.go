package dirs

import (
	"os"
	"testing"

	"tmpshell/internal/sys"
)

func TestAppendOnly(t *testing.T) {
	dir := shared(t)
	good(t, dir)
	if is, err := AppendOnly(Private(dir)); is || err != nil {
		t.Fatalf("without the flag: %v, %v", is, err)
	}
	const noDump = 0x40 // FS_NODUMP_FL, another one
	for flags, want := range map[int]bool{noDump: false, appendOnly | noDump: true} {
		f, err := os.Open(dir + "/.private")
		must(t, err)
		if err := sys.SetFlags(int(f.Fd()), flags); err != nil {
			t.Logf("%s: no inode flags: %v", dir, err)
		} else if is, err := AppendOnly(Private(dir)); is != want || err != nil {
			t.Errorf("flags %#x: %v, %v", flags, is, err)
		}
		f.Close()
	}
	must(t, os.Chmod(dir, 0o777))
	if _, err := AppendOnly(Private(dir)); err == nil {
		t.Error("an unsafe base has no error")
	}
}

// What is missing is not wrong; what is there is to be root's, and of its mode.
func TestVerifyPlaces(t *testing.T) {
	top := furnish(t)
	i := instance(top, "public", "")
	if err := i.VerifyPlaces(); err != nil {
		t.Errorf("before anything is made: %v", err)
	}
	places := map[string]os.FileMode{i.In.Run: 0o755, i.In.Run + "/shared": 0o755, i.In.Run + "/sessions": 0o700, i.In.Store: 0o700}
	for _, path := range []string{i.In.Run, i.In.Run + "/shared", i.In.Run + "/sessions", i.In.Store} {
		must(t, os.Mkdir(path, places[path]))
	}
	for path, mode := range places {
		if err := i.VerifyPlaces(); err != nil {
			t.Errorf("all is right, and yet: %v", err)
		}
		must(t, os.Chmod(path, 0o777))
		if unsafe, _ := UnsafePath(i.VerifyPlaces()); unsafe != path {
			t.Errorf("%s is open; %q is found", path, unsafe)
		}
		fresh := i
		fresh.Fresh = true
		if err := fresh.VerifyPlaces(); (err == nil) != (path == i.In.Store) {
			t.Errorf("%s is open, method tmpfs: %v", path, err)
		}
		must(t, os.Chmod(path, mode))
	}
	must(t, os.Chown(top+"/lib", bob, bob))
	if unsafe, _ := UnsafePath(i.VerifyPlaces()); unsafe != top+"/lib" {
		t.Errorf("what the store is in is bob's; %q is found", unsafe)
	}
}
