// Package making makes private directories and what they need. Package private
// says where they are and what they must be like.
//
// Its rules, beside those of package owned:
//
//	(f) what is not as it must be is never used and never removed: somebody
//	    else's object is moved aside, in one step, by rename;
//	(g) a directory is its owner's from its first moment: there is no chown(2)
//	    to be late for;
//	(h) what is the user's own is never moved away from them, and their name is
//	    not given to anything that existed before.
//
// The process is root's, with the file-system ids of root, and permitted what
// capset.Helper has, but has none of it effective: each call raises what it
// needs. The umask is 0 while a directory is made, which no other thread does.
package making

import (
	"errors"
	"io/fs"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/owned"
	"tmpshell/internal/sys"
)

// Maker makes directories for one user, on a locked thread.
type Maker struct {
	UID, GID uint32
	// Notice is told what an administrator should know: what was in the way.
	Notice func(text string)

	label string // of what it makes; empty: as SELinux chooses
}

// attempts bounds the races with somebody who makes and removes the same names:
// each one lost is one more that they have to win.
const attempts = 16

// maxAside bounds what is kept of what was in the way.
const maxAside = 16

// Squatted is what a name gets that was moved aside, before the random part.
const Squatted = ".squatted-"

// IsMovedAside tells whether an entry's name is one that tmpshell gives what it
// found in the place of a directory and would not use, and what it was called.
func IsMovedAside(entry string) (was string, ok bool) {
	was, tail, _ := strings.Cut(entry, Squatted)
	return was, was != "" && len(tail) == sys.RandomLength && strings.Trim(tail, sys.RandomDigits) == ""
}

var errRace = errors.New("another process changes it all the time")

// with runs f with capabilities.
func with(need capset.Set, f func() error) error {
	var err error
	t := capset.With(need, func() bare.Trouble {
		err = f()
		return bare.Trouble{}
	})
	if !t.OK() {
		return t.Err()
	}
	return err
}

// Apart runs f on a thread that is thrown away, where the process is one that has other
// work for its capabilities: what a Maker does, and a look at an instance, leave a
// thread without effective ones.
func Apart(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		_, t := capset.Quiet()
		err := t.Err()
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}

// asUser runs f with the user's file-system ids.
func (m *Maker) asUser(also capset.Set, f func() error) error {
	var err error
	t := capset.AsUser(m.UID, m.GID, also, func() bare.Trouble {
		err = f()
		return bare.Trouble{}
	})
	if !t.OK() {
		return t.Err()
	}
	return err
}

// unsafe tells whether an error says that something is there that is not as it
// must be.
func unsafe(err error) bool {
	var t bare.TroubleError
	return errors.As(err, &t) && t.Trouble.Unsafe()
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// open opens and verifies a directory (O_PATH).
func open(dir int, where, entry string, w owned.Want) (int, error) {
	fd, t := owned.Open(dir, where, entry, w)
	return fd, t.Err()
}

// parent opens a directory by its path; it is made if it is missing and what it
// is in is not.
func (m *Maker) parent(path string) (int, error) {
	fd, t := owned.OpenParent(path)
	if !t.Missing() || path == "/" {
		return fd, t.Err()
	}
	dir, t := owned.OpenParent(bare.Dir(path))
	if !t.OK() {
		return -1, t.Err()
	}
	err := at(sys.MkdirAt(dir, bare.Base(path), 0o755), path)
	sys.Close(dir)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return -1, err
	}
	fd, t = owned.OpenParent(path)
	return fd, t.Err()
}

// at gives an error the whole path for the name inside a directory.
func at(err error, path string) error {
	if pe, ok := err.(*fs.PathError); ok {
		return &fs.PathError{Op: pe.Op, Path: path, Err: pe.Err}
	}
	return err
}

// aside renames what must not be used, and loses nothing: rule (f).
func (m *Maker) aside(dir int, where, entry string, why error) error {
	if err := notTooMany(dir, where, entry); err != nil {
		return err
	}
	tail, err := sys.RandomName()
	if err != nil {
		return err
	}
	to := entry + Squatted + tail
	if err := sys.RenameAt(dir, entry, to, unix.RENAME_NOREPLACE); err != nil {
		if missing(err) {
			return nil // gone already
		}
		return at(err, where+"/"+entry)
	}
	m.notice(why.Error() + "; moved aside to " + to)
	return nil
}

// notTooMany refuses to keep more and more of what is in the way of one name.
func notTooMany(dir int, where, entry string) error {
	fd, err := sys.Reopen(dir)
	if err != nil {
		return at(err, where)
	}
	defer sys.Close(fd)
	names, err := sys.DirNamesOf(fd, where)
	if err != nil {
		return err
	}
	n := 0
	for _, name := range names {
		if was, ok := IsMovedAside(name); ok && was == entry {
			n++
		}
	}
	if n >= maxAside {
		return errors.New(where + " has too many entries " + entry + Squatted + "*: remove them")
	}
	return nil
}

func (m *Maker) notice(text string) {
	if m.Notice != nil {
		m.Notice(text)
	}
}
