package remover

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/clean"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

const store = private.Store

// comm is what the kernel calls tmpshell-supervise: the first 15 bytes.
const comm = "tmpshell-superv"

// supervisor is the process that has started this one, and waits for it, if that
// is tmpshell-supervise: a process of the user's that uses nothing. Whoever calls
// something else by that name harms themselves.
func supervisor() int {
	parent := unix.Getppid()
	text := make([]byte, 64)
	fd, err := unix.Open("/proc/"+strconv.Itoa(parent)+"/comm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer sys.Close(fd)
	if n, err := unix.Read(fd, text); err != nil || strings.TrimSpace(string(text[:max(n, 0)])) != comm {
		return 0
	}
	return parent
}

// contain is for a container, where only its own processes can be seen. What is on
// a file system of its own there may be a volume that another container uses, too:
// it is left, unless an administrator has written that it is to be removed
// (Supervise yes).
func (r *run) contain(o *clean.Options) {
	if clean.SeesMachine() {
		return
	}
	o.Contained = true
	if r.said != nil && r.said.Supervise {
		return
	}
	root, known := mountOf("/")
	volume := func(path string) bool {
		id, ok := mountOf(path)
		return !known || !ok || id != root
	}
	o.Shared = slices.DeleteFunc(o.Shared, volume)
	o.Stores = slices.DeleteFunc(o.Stores, volume)
}

func mountOf(path string) (uint64, bool) {
	fd, err := sys.OpenPath(path)
	if err != nil {
		return 0, false
	}
	defer sys.Close(fd)
	id, err := sys.MountID(fd)
	return id, err == nil
}
