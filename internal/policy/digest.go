package policy

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// A file that has other stamps than when it was read may still be the same: a
// container image is unpacked, a backup restored, a file written anew with what
// was in it. So its contents count where its stamps do not tell.

// digestBuf is room for a part of a file. One is read at a time.
var digestBuf [8 << 10]byte

// Digest reads an open file to its end, or a directory, and returns a number that
// another content does not have but by chance or on purpose: only root writes
// these. It is FNV-1a, for a directory the sum of those of its names, whose order
// is the file system's.
func Digest(fd int, st *bare.Stat) (uint64, bare.Errno) {
	if st.Type() == unix.S_IFDIR {
		return digestNames(fd)
	}
	h := uint64(bare.HashStart)
	for {
		n, e := bare.Read(fd, digestBuf[:])
		if e != 0 || n == 0 {
			return h, e
		}
		h = bare.Hash(h, unsafe.String(&digestBuf[0], n))
	}
}

func digestNames(fd int) (uint64, bare.Errno) {
	sum := uint64(0)
	for {
		entries, e := bare.ReadEntries(fd, digestBuf[:])
		if e != 0 {
			return sum, e
		}
		some := false
		for {
			name, ok := entries.Next()
			if !ok {
				break
			}
			some = true
			sum += bare.Hash(bare.HashStart, name)
		}
		if !some {
			return sum, 0
		}
	}
}

// sameContent tells whether a source that has other stamps is the same: of root's,
// of the same type and mode, and with the same in it.
func (f *File) sameContent(at uint32, path string) (bool, bare.Trouble) {
	fd, e := bare.Open(path, unix.O_RDONLY)
	if e != 0 {
		return false, kept("openat", e, path)
	}
	var st bare.Stat
	digest := uint64(0)
	if e = bare.Fstat(fd, &st); e == 0 && st.UID == 0 && st.Mode == f.Number(at+12) {
		digest, e = Digest(fd, &st)
	}
	bare.Close(fd)
	return e == 0 && digest != 0 && digest == f.long(at+64), kept("read", e, path)
}

// kept is trouble only where nothing was found out.
func kept(call string, e bare.Errno, path string) bare.Trouble {
	if e.Kind() != bare.Kept {
		return bare.Trouble{}
	}
	return bare.Failed(call, e, path, "")
}
