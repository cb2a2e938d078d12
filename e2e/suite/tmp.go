package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// privateTmp mounts an empty directory that only this thread and what it starts
// see, and has TMPDIR name it.
func privateTmp() error {
	place, err := freePlace()
	if err != nil {
		return err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return fmt.Errorf("make / a slave: %w", err)
	}
	if err := unix.Mount("tests", place, "tmpfs", 0, "mode=1777"); err != nil {
		return fmt.Errorf("mount on %s: %w", place, err)
	}
	return os.Setenv("TMPDIR", place)
}

// freePlace is a directory that every machine has and in which nothing is that
// the tests need: a checkout or a cache may be in /tmp.
func freePlace() (string, error) {
	needed := []string{os.Getenv("HOME"), os.Getenv("GOCACHE"), os.Getenv("GOMODCACHE"), os.Getenv("GOROOT"), os.Getenv("GOPATH"), os.Getenv("PATH")}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	all := ":" + here + ":" + strings.Join(needed, ":") + ":"
	for _, place := range []string{"/tmp", "/mnt", "/media"} {
		if info, err := os.Stat(place); err == nil && info.IsDir() && !strings.Contains(all, ":"+place+"/") {
			return place, nil
		}
	}
	return "", fmt.Errorf("%s is below /tmp, and there is no /mnt", here)
}
