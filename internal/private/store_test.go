package private

import (
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Where anybody could have taken the store's name, nothing may be mounted on it:
// FUSE tells whatever owner it likes.
func TestStoreWant(t *testing.T) {
	for perm, want := range map[uint32]bool{0o1777: true, 0o1775: true, 0o755: false, 0o700: false} {
		if got := StoreWant(&bare.Stat{Mode: unix.S_IFDIR | perm}); got.NoMount != want || got.UID != 0 || got.Mode != StoreMode || got.AnyGroup {
			t.Errorf("in a directory of mode %o, the store has to be %+v", perm, got)
		}
	}
}

// In a session, the store is found where the shared directory is kept.
func TestStoreInShared(t *testing.T) {
	for store, want := range map[string]string{"": "", "/tmp": "", "/tmp/.s": "/.s", "/tmp/a/b": "/a/b", "/tmpx/a": "", "/var/tmp/s": ""} {
		i := Instance{At: "/tmp", Store: store}
		below, ok := i.StoreInShared()
		if below != want || ok != (want != "") {
			t.Errorf("store=%s: %q, %v; want %q", store, below, ok, want)
		}
		outside, inside := "/var/lib/tmpshell/5/tmp", "/var/lib/tmpshell/5/tmp"
		if store != "" {
			outside, inside = store+"/5/tmp", store+"/5/tmp"
		}
		if ok {
			inside = "/run/tmpshell/shared/tmp" + want + "/5/tmp"
		}
		for kept, path := range map[bool]string{false: outside, true: inside} {
			if got := text(func(to *bare.Text) { i.addPathFrom(to, 5, kept) }); got != path {
				t.Errorf("store=%s, in a session %v: %s; want %s", store, kept, got, path)
			}
		}
	}
}
