package clean

import (
	"errors"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// mountNamespace is that of a process, and where in /proc what is about its mounts is
// read. A process whose first thread has ended goes on in the others, and what the first
// one saw is not told any more: it is read of the first that lives. Otherwise whoever had
// such a process would keep everybody's directories from being cleaned.
func mountNamespace(proc int, name string) (at, namespace string, err error) {
	namespace, err = namespaceOf(proc, name)
	if !errors.Is(err, unix.ENOENT) {
		return name, namespace, err
	}
	dir, failed := openIn(proc, name+"/task")
	if failed != nil {
		return name, "", failed
	}
	defer sys.Close(dir)
	threads, failed := sys.DirNamesOf(dir, "/proc/"+name+"/task")
	if failed != nil {
		return name, "", failed
	}
	for _, thread := range threads {
		if _, no := strconv.Atoi(thread); no != nil || thread == name {
			continue
		}
		at = name + "/task/" + thread
		if namespace, failed = namespaceOf(proc, at); !errors.Is(failed, unix.ENOENT) {
			return at, namespace, failed
		}
	}
	return name, "", err
}

// namespaceOf reads the link. Of a process that has ended after its name was looked up,
// the kernel says EACCES (proc_ns_readlink), as of one that may not be looked at.
func namespaceOf(proc int, at string) (string, error) {
	namespace, err := readlink(proc, at+"/ns/mnt")
	if errors.Is(err, unix.EACCES) {
		fd, gone := openIn(proc, at+"/status")
		sys.Close(fd)
		if gone != nil {
			err = gone
		}
	}
	return namespace, err
}
