package rig

import (
	"testing"

	"golang.org/x/sys/unix"
)

// FreshTmp covers /tmp with an empty tmpfs until the test ends.
func FreshTmp(t testing.TB) {
	t.Helper()
	MountTmp(t, "-t", "tmpfs", "-o", "mode=1777,nosuid,nodev", "tmp")
}

// MountTmp mounts something on /tmp until the test ends. The arguments are
// those of mount(8) before the place.
func MountTmp(t testing.TB, args ...string) {
	t.Helper()
	Must(t, "mount", append(args, "/tmp")...)
	t.Cleanup(func() {
		if err := unix.Unmount("/tmp", unix.MNT_DETACH); err != nil {
			t.Error("umount /tmp:", err)
		}
	})
}
