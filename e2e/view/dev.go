package view

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// loops is how many loop devices a view can name. The devices are the
// machine's, shared by all views; an unmount frees them.
const loops = 64

// makeDev mounts a /dev of the view's own: /dev/log must be a test's to
// listen on, and the machine's disks are out of reach.
func makeDev(foreign bool) error {
	give := makeNodes
	if foreign { // a user namespace makes none
		var err error
		if give, err = takeNodes(); err != nil {
			return err
		}
	}
	// Not nodev, or none of it works.
	if err := mount("view", "/dev", "tmpfs", unix.MS_NOSUID, "mode=755"); err != nil {
		return err
	}
	if err := give(); err != nil {
		return err
	}
	for name, target := range map[string]string{
		"fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1",
		"stderr": "/proc/self/fd/2", "ptmx": "pts/ptmx",
	} {
		if err := os.Symlink(target, "/dev/"+name); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Mkdir("/dev/pts", 0o755), os.Mkdir("/dev/shm", 0o755)); err != nil {
		return err
	}
	if err := mount("devpts", "/dev/pts", "devpts", unix.MS_NOSUID|unix.MS_NOEXEC,
		"newinstance,ptmxmode=0666,mode=0620,gid=5"); err != nil {
		return err
	}
	return mount("view", "/dev/shm", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777")
}

// nodes are the devices that programs use.
var nodes = []struct {
	name         string
	major, minor uint32
}{
	{"null", 1, 3}, {"zero", 1, 5}, {"full", 1, 7}, {"random", 1, 8},
	{"urandom", 1, 9}, {"tty", 5, 0},
}

func makeNodes() error {
	for _, n := range nodes {
		if err := mknod(n.name, unix.S_IFCHR|0o666, n.major, n.minor); err != nil {
			return err
		}
	}
	if err := mknod("loop-control", unix.S_IFCHR|0o600, 10, 237); err != nil {
		return err
	}
	for i := range uint32(loops) {
		if err := mknod(fmt.Sprintf("loop%d", i), unix.S_IFBLK|0o600, 7, i); err != nil {
			return err
		}
	}
	return nil
}

// takeNodes holds the machine's own, for a /dev that covers them.
func takeNodes() (give func() error, err error) {
	var list []kept
	for _, n := range nodes {
		k, err := keep("/dev/"+n.name, "/dev/"+n.name)
		if err != nil {
			return nil, err
		}
		k.writable = true
		list = append(list, k)
	}
	return func() error {
		for _, k := range list {
			if err := errors.Join(os.WriteFile(k.at, nil, 0o644), k.attach()); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

func mknod(name string, mode, major, minor uint32) error {
	path := "/dev/" + name
	if err := unix.Mknod(path, mode, int(unix.Mkdev(major, minor))); err != nil {
		return &os.PathError{Op: "mknod", Path: path, Err: err}
	}
	// mknod obeys the umask.
	return os.Chmod(path, os.FileMode(mode&0o777))
}
