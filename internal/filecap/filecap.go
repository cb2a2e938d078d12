// Package filecap reads and writes the capabilities of a file, the extended
// attribute security.capability of capabilities(7).
//
// It writes permitted sets alone, as setcap's "=p": with the effective bit an
// execve(2) fails with EPERM wherever the bounding set lacks one of them, and
// nobody could log in.
package filecap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
)

const attribute = "security.capability"

// From linux/capability.h: revision 2, 20 bytes, revision 3, 24 bytes with the
// user id of a namespace's root.
const (
	revision2    = 0x02000000
	revision3    = 0x03000000
	revisionMask = 0xff000000
	effectiveBit = 0x000001
)

// Sets is what a file has.
type Sets struct {
	Permitted, Inheritable capset.Set
	Effective              bool
	// Root is the uid of the user namespace's root that they count for: 0
	// for the whole machine.
	Root uint32
}

// Get returns the capabilities of an open file; none is the zero value.
func Get(f *os.File) (Sets, error) {
	buf := make([]byte, 64)
	n, err := unix.Fgetxattr(int(f.Fd()), attribute, buf)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
		return Sets{}, nil
	}
	if err != nil {
		return Sets{}, &os.PathError{Op: "fgetxattr", Path: f.Name(), Err: err}
	}
	return decode(buf[:n])
}

// GetPath is Get for a file that the caller may not read: its capabilities are for
// everybody to see.
func GetPath(path string) (Sets, error) {
	buf := make([]byte, 64)
	n, err := unix.Lgetxattr(path, attribute, buf)
	if errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
		return Sets{}, nil
	}
	if err != nil {
		return Sets{}, &os.PathError{Op: "lgetxattr", Path: path, Err: err}
	}
	return decode(buf[:n])
}

func decode(b []byte) (Sets, error) {
	if len(b) < 20 {
		return Sets{}, fmt.Errorf("%s has %d bytes", attribute, len(b))
	}
	var root uint32
	word := func(i int) uint64 { return uint64(binary.LittleEndian.Uint32(b[4*i:])) }
	switch rev := word(0) & revisionMask; {
	case rev == revision2:
	case rev == revision3 && len(b) >= 24:
		root = uint32(word(5))
	default:
		return Sets{}, fmt.Errorf("%s of %d bytes has unknown revision %#x", attribute, len(b), rev>>24)
	}
	return Sets{
		Permitted:   capset.Set(word(1) | word(3)<<32),
		Inheritable: capset.Set(word(2) | word(4)<<32),
		Effective:   word(0)&effectiveBit != 0,
		Root:        root,
	}, nil
}

func encode(permitted capset.Set) []byte {
	var b []byte
	for _, word := range []uint32{revision2, uint32(permitted), 0, uint32(permitted >> 32), 0} {
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	return b
}

// Set gives an open file exactly this permitted set, an empty one removing the
// attribute, and reads it again. Needs CAP_SETFCAP.
func Set(f *os.File, permitted capset.Set) error {
	fd := int(f.Fd())
	var err error
	if permitted == 0 {
		if err = unix.Fremovexattr(fd, attribute); errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP) {
			err = nil
		}
	} else {
		err = unix.Fsetxattr(fd, attribute, encode(permitted), 0)
	}
	if err != nil {
		return &os.PathError{Op: "fsetxattr", Path: f.Name(), Err: err}
	}
	now, err := Get(f)
	if err == nil && now != (Sets{Permitted: permitted}) {
		err = fmt.Errorf("%s: the capabilities read back differ from those set", f.Name())
	}
	return err
}
