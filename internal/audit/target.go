package audit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// target is a thread that waits for an answer.
type target int

func (t target) proc(name string) string { return fmt.Sprintf("/proc/%d/%s", int(t), name) }

// errFault: the address is not the process's, and the call fails.
var errFault = errors.New("bad address")

// memory reads as much as there is, up to the length of buf, and at least one byte.
func (t target) memory(at uint64, buf []byte) (int, error) {
	local := []unix.Iovec{{Base: &buf[0]}}
	local[0].SetLen(len(buf))
	n, err := unix.ProcessVMReadv(int(t), local, []unix.RemoteIovec{{Base: uintptr(at), Len: len(buf)}}, 0)
	if err == unix.EFAULT || err == nil && n == 0 {
		err = errFault
	}
	return n, err
}

// text reads a string that ends with a NUL, a page at a time: the next one may not
// be there.
func (t target) text(at uint64) (string, error) {
	const page = 4096
	var buf [unix.PathMax]byte
	for have := 0; have < len(buf); {
		end := min(len(buf), have+page-int(at+uint64(have))%page)
		n, err := t.memory(at+uint64(have), buf[have:end])
		if err != nil {
			return "", err
		}
		if i := bytes.IndexByte(buf[have:have+n], 0); i >= 0 {
			return string(buf[:have+i]), nil
		}
		have += n
	}
	return "", errFault // ENAMETOOLONG
}

// how reads struct open_how of openat2(2).
func (t target) how(at uint64) (flags, mode uint64, err error) {
	var buf [16]byte
	if n, err := t.memory(at, buf[:]); err != nil || n < len(buf) {
		return 0, 0, errors.Join(err, errFault)
	}
	return binary.NativeEndian.Uint64(buf[:]), binary.NativeEndian.Uint64(buf[8:]), nil
}

// bound reads the path of a socket address; empty: it has none in the file system.
func (t target) bound(at, size uint64) (string, error) {
	var buf [110]byte // struct sockaddr_un
	if size < 3 || size > uint64(len(buf)) {
		return "", nil
	}
	n, err := t.memory(at, buf[:size])
	if err != nil || n < 3 || binary.NativeEndian.Uint16(buf[:]) != unix.AF_UNIX {
		return "", err
	}
	path, _, _ := bytes.Cut(buf[2:n], []byte{0})
	return string(path), nil
}

// open opens a directory that the thread names: itself, not what is below.
func (t target) open(name string) (int, error) {
	return unix.Open(t.proc(name), unix.O_PATH|unix.O_CLOEXEC, 0)
}

// start opens the directory that a path begins in, and returns what is left of the
// path, and whether that is below the root of the thread.
func (t target) start(dir int32, path string) (fd int, rest string, absolute bool, err error) {
	switch {
	case !strings.HasPrefix(path, "/"):
		name := "cwd"
		if dir != unix.AT_FDCWD {
			name = fmt.Sprint("fd/", dir)
		}
		fd, err = t.open(name)
		return fd, path, false, err
	case strings.HasPrefix(path, "/proc/self/"), strings.HasPrefix(path, "/proc/thread-self/"), strings.HasPrefix(path, "/dev/fd/"):
		// Seen from here, they are the auditor's own.
		_, below, _ := strings.Cut(strings.TrimPrefix(path, "/proc"), "self/")
		if below == "" {
			below = strings.TrimPrefix(path, "/dev/")
		}
		first, rest, _ := strings.Cut(below, "/")
		if first == "fd" {
			number, after, _ := strings.Cut(rest, "/")
			first, rest = "fd/"+number, after
		}
		if first == "cwd" || first == "root" || strings.HasPrefix(first, "fd/") {
			fd, err = t.open(first)
			return fd, rest, false, err
		}
		return -1, "", false, unix.ENOTDIR // nothing is made in procfs
	}
	fd, err = t.open("root")
	return fd, path, true, err
}

// directory opens the directory of a path. In another root or mount namespace than
// the auditor's, absolute symbolic links on a relative path are followed in the
// auditor's.
func (t target) directory(dir int32, path string) (int, error) {
	fd, rest, absolute, err := t.start(dir, path)
	if err != nil {
		return -1, err
	}
	how := unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC | unix.O_DIRECTORY}
	if absolute {
		how.Resolve = unix.RESOLVE_IN_ROOT
	}
	if rest == "" {
		rest = "."
	}
	defer unix.Close(fd)
	for {
		// EAGAIN: something was renamed or mounted meanwhile, anywhere, and ".."
		// may have been another directory (openat2(2), RESOLVE_IN_ROOT).
		at, err := unix.Openat2(fd, rest, &how)
		if err != unix.EAGAIN && err != unix.EINTR {
			return at, err
		}
	}
}

// parent opens the directory that an object is made in, and returns its name there.
// With follow, a symbolic link that leads nowhere stands for what it names.
func (t target) parent(dir int32, path string, follow bool) (fd int, name string, err error) {
	for range 40 { // as many links as the kernel follows
		path = strings.TrimRight(path, "/")
		before, name, found := cutLast(path)
		if name == "" || name == "." || name == ".." {
			return -1, "", unix.EISDIR
		}
		if found && before == "" {
			before = "/"
		}
		if fd, err = t.directory(dir, before); err != nil || !follow {
			return fd, name, err
		}
		to, linkErr := readlinkAt(fd, name)
		if linkErr != nil {
			return fd, name, nil
		}
		if !strings.HasPrefix(to, "/") {
			// What is open is not the thread's: by its path.
			to = fmt.Sprintf("%s/%s", before, to)
		}
		unix.Close(fd)
		path = to
	}
	return -1, "", unix.ELOOP
}

func readlinkAt(dir int, name string) (string, error) {
	var buf [unix.PathMax]byte
	n, err := unix.Readlinkat(dir, name, buf[:])
	return string(buf[:max(n, 0)]), err
}

func cutLast(path string) (before, after string, found bool) {
	i := strings.LastIndexByte(path, '/')
	return path[:max(i, 0)], path[i+1:], i >= 0
}

// descriptor is the path of what an open descriptor leads to.
func descriptor(fd int) string {
	path, _ := os.Readlink(descriptorName(fd))
	return path
}

// descriptorName leads to what is open, as a path.
func descriptorName(fd int) string { return fmt.Sprint("/proc/self/fd/", fd) }
