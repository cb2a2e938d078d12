package caps

import (
	"io/fs"

	"golang.org/x/sys/unix"
)

// KeepOf takes from the permitted and effective sets, for good, what the program
// file gave and is not in keep: all but that is in the ambient set. With an empty
// keep, what is left is what the thread would have without file capabilities,
// and what the session has after execve(2). The sets are read again and compared.
//
// A process with the effective uid 0 is left as it is: its capabilities are not
// the file's, and with fewer of them an execve(2) would be one that gains
// privilege, after which the program is not dumpable.
//
// It is ErrLost where the thread may still act as root.
func KeepOf(keep Set) error {
	if lost != nil {
		return lost
	}
	if unix.Geteuid() == 0 {
		return nil
	}
	s, err := Get()
	if err != nil {
		return err
	}
	kept := s.Permitted & (keep | Ambient(s.Permitted))
	if s.Permitted == kept {
		return nil
	}
	s.Permitted, s.Effective = kept, s.Effective&kept
	if err := set(s); err != nil {
		return err
	}
	now, err := Get()
	if err == nil && now != s {
		err = &fs.PathError{Op: "capset", Path: "this thread", Err: unix.EPERM}
	}
	return err
}

// Ambient returns which of the capabilities asked for are in the thread's
// ambient set.
func Ambient(asked Set) Set {
	var found Set
	for n := range len(names) {
		if bit := Set(1) << n; asked&bit != 0 {
			is, err := unix.PrctlRetInt(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_IS_SET, uintptr(n), 0, 0)
			if err == nil && is == 1 {
				found |= bit
			}
		}
	}
	return found
}

// Bounding returns which of the capabilities asked for a program may still
// gain.
func Bounding(asked Set) Set {
	var found Set
	for n := range len(names) {
		if bit := Set(1) << n; asked&bit != 0 {
			if is, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, uintptr(n), 0, 0, 0); err == nil && is == 1 {
				found |= bit
			}
		}
	}
	return found
}

// OfFile returns the permitted set that the program file at a path gives, empty
// if it cannot be read: the low and high words of security.capability, revision
// 2 or 3 (capabilities(7)).
func OfFile(path string) Set {
	var b [64]byte
	n, err := unix.Lgetxattr(path, "security.capability", b[:])
	if err != nil || n < 20 {
		return 0
	}
	word := func(at int) Set {
		return Set(b[at]) | Set(b[at+1])<<8 | Set(b[at+2])<<16 | Set(b[at+3])<<24
	}
	return word(4) | word(12)<<32
}
