package view

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// Where a view has the source tree and the programs under test, wherever they
// are on the machine: a checkout may lie in /tmp, below /home, or where it is
// not everybody's to look.
const (
	source   = "/run/tmpshell-source"
	binaries = "/run/tmpshell-bin"
)

// kept is a tree of the machine's that stays in sight, read-only.
type kept struct {
	tree     int
	at       string
	writable bool
}

func keepVisible() ([]kept, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	tree, err := keep(root, source)
	if err != nil {
		return nil, err
	}
	list := []kept{tree}
	if dir, err := programsDir(root); err == nil { // else they are made each time
		made, err := keep(dir, programs)
		if err != nil {
			return nil, err
		}
		made.writable = true
		list = append(list, made)
	}
	bin, err := Binaries()
	if err != nil {
		return nil, err
	}
	tested, err := keep(bin, binaries)
	if errors.Is(err, os.ErrNotExist) {
		return list, nil // for tests of the view itself
	}
	return append(list, tested), err
}

func keep(dir, at string) (kept, error) {
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return kept{}, &os.PathError{Op: "open_tree", Path: dir, Err: err}
	}
	return kept{tree: tree, at: at}, nil
}

func (k kept) restore() error {
	if err := os.MkdirAll(k.at, 0o755); err != nil {
		return err
	}
	return k.attach()
}

func (k kept) attach() error {
	defer unix.Close(k.tree)
	if err := unix.MoveMount(k.tree, "", unix.AT_FDCWD, k.at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return &os.PathError{Op: "move_mount", Path: k.at, Err: err}
	}
	if k.writable {
		return nil
	}
	return readOnly(k.at)
}
