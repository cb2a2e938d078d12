package policy

import (
	"encoding/binary"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// File is a policy in memory. What is outside of it is read as 0 or as an empty
// string, and remembered: see Broken.
type File struct {
	data   []byte
	sums   uint32                       // where the sums are
	right  [MaxSize / Chunk / 64]uint64 // the chunks whose sum was compared, one bit for each
	lo, hi uint64                       // what was looked at last, of such chunks
	broken bool
}

// Size is the number of bytes.
func (f *File) Size() int { return len(f.data) }

// Read reads the policy at a path, into buf if it fits, and verifies that it is a
// policy. Of a larger one, each part is verified before it is read: see Broken. It says
// nothing of whether it may be obeyed: see Check.
func (f *File) Read(path string, buf []byte) bare.Trouble {
	f.data, f.broken = nil, false
	fd, e := bare.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW)
	if e != 0 {
		return bare.Failed("openat", e, path, "")
	}
	t := f.readFrom(fd, path, buf)
	bare.Close(fd)
	return t
}

// readFrom is Read for a file that is open.
func (f *File) readFrom(fd int, path string, buf []byte) bare.Trouble {
	var st bare.Stat
	if e := bare.Fstat(fd, &st); e != 0 {
		return bare.Failed("statx", e, path, "")
	}
	switch {
	case st.Type() != unix.S_IFREG:
		return bare.Broken(path, "", "is not a regular file")
	case st.UID != 0:
		return bare.Trouble{Where: path, Why: "belongs to uid", Value: uint64(st.UID), Base: 10, Want: ", not to root"}
	case st.Perm()&0o022 != 0:
		return bare.Trouble{Where: path, Why: "can be written by others: mode", Value: uint64(st.Perm()), Base: 8}
	case st.Perm()&0o444 != 0o444: // root alone would go by it, and nobody would log in
		return bare.Trouble{Where: path, Why: "cannot be read by everybody: mode", Value: uint64(st.Perm()), Base: 8}
	case st.Size > MaxSize:
		return bare.Broken(path, "", "is too large")
	case st.Size >= uint64(len(buf)):
		data, e := bare.Map(fd, int(st.Size))
		if e != 0 {
			return bare.Failed("mmap", e, path, "")
		}
		return f.take(data, path)
	}
	n, e := bare.ReadBeginning(fd, buf[:st.Size])
	if e != 0 {
		return bare.Failed("read", e, path, "")
	}
	return f.Use(buf[:n], path)
}

// Use takes a policy that is in memory, and verifies all of it.
func (f *File) Use(data []byte, path string) bare.Trouble {
	t := f.take(data, path)
	if t.OK() && !f.holds(0, uint64(f.sums)) {
		return damaged(path)
	}
	return t
}

// take is Use for one whose chunks are verified when they are read.
func (f *File) take(data []byte, path string) bare.Trouble {
	*f = File{data: data}
	switch {
	case len(data) < HeaderSize || string(data[:len(Magic)]) != Magic:
		return bare.Broken(path, "", "is not a policy of this version")
	case le32(data[AtSize:]) != uint32(len(data)):
		return bare.Broken(path, "", "is cut")
	}
	f.sums = le32(data[AtSums:])
	if sums, ok := sumsOf(data); !ok || le64(data[AtSum:]) != Sum(Sum(0, data[AtSum+8:HeaderSize]), sums) {
		return damaged(path)
	}
	for _, t := range [...]struct{ at, size uint32 }{
		{AtSources, SourceSize}, {AtSlots, SlotSize}, {AtBlocks, BlockSize}, {AtLearnt, LearntSize},
	} {
		f.table(t.at, t.size)
	}
	if f.broken {
		return bare.Broken(path, "", "is damaged: a table is outside of it")
	}
	return bare.Trouble{}
}

func damaged(path string) bare.Trouble {
	return bare.Broken(path, "", "is damaged: the checksum differs")
}

// sumsOf returns the sums of the chunks, if there are as many as there have to be.
func sumsOf(data []byte) ([]byte, bool) {
	at := uint64(le32(data[AtSums:]))
	ok := len(data) <= MaxSize && HeaderSize <= at && at+(at+Chunk-1)/Chunk*8 == uint64(len(data))
	if !ok {
		return nil, false
	}
	return data[at:], true
}

// holds tells whether something is inside of the file, and as it was written.
func (f *File) holds(first, end uint64) bool {
	return f.lo <= first && end <= f.hi || f.verify(first, end)
}

func (f *File) verify(first, end uint64) bool {
	if end > uint64(f.sums) {
		f.broken = true
		return false
	}
	for c := first / Chunk; c*Chunk < end; c++ {
		if f.right[c/64]>>(c%64)&1 != 0 {
			continue
		}
		if le64(f.data[uint64(f.sums)+c*8:]) != Sum(0, chunk(f.data[:f.sums], c)) {
			f.broken = true
			return false
		}
		f.right[c/64] |= 1 << (c % 64)
	}
	f.lo, f.hi = first/Chunk*Chunk, min((end+Chunk-1)/Chunk*Chunk, uint64(f.sums))
	return true
}

// chunk is what a sum is of. The header is not in the first one: it has the sum of
// sums.
func chunk(data []byte, c uint64) []byte {
	return data[max(c*Chunk, HeaderSize):min((c+1)*Chunk, uint64(len(data)))]
}

// Sum is a checksum that goes on from another one, or from 0. Each login makes it: it
// is that of FNV-1a on words of 8 bytes, little endian, four times over every fourth
// word, which a processor does side by side, and then over the four and what is left.
// It finds damage, not forgery; only root writes the file.
func Sum(from uint64, data []byte) uint64 {
	h := [4]uint64{}
	for i := range h {
		h[i] = bare.HashStart ^ from
	}
	at := 0
	for ; at+32 <= len(data); at += 32 {
		w := data[at : at+32 : at+32]
		h[0], h[1] = step(h[0], le64(w)), step(h[1], le64(w[8:]))
		h[2], h[3] = step(h[2], le64(w[16:])), step(h[3], le64(w[24:]))
	}
	sum := step(step(step(h[0], h[1]), h[2]), h[3])
	for i := range data[at:] {
		sum = step(sum, uint64(data[at+i]))
	}
	return sum
}

func step(h, word uint64) uint64 {
	h = (h ^ word) * 1099511628211
	return h ^ h>>29
}

// Number is the number of 4 bytes at an offset.
func (f *File) Number(at uint32) uint32 {
	if !f.holds(uint64(at), uint64(at)+4) {
		return 0
	}
	return le32(f.data[at : at+4 : at+4])
}

func (f *File) long(at uint32) uint64 {
	return uint64(f.Number(at)) | uint64(f.Number(at+4))<<32
}

// Text is the string whose offset and length are at an offset. It shares the
// buffer.
func (f *File) Text(at uint32) string { return f.text(f.Number(at), int(f.Number(at+4))) }

func (f *File) text(at uint32, n int) string {
	if n <= 0 || !f.holds(uint64(at), uint64(at)+uint64(n)) {
		f.broken = f.broken || n < 0
		return ""
	}
	return unsafe.String(&f.data[at], n)
}

// table is the offset and the number of the records that a pair of numbers at
// an offset names; a table that does not fit is empty.
func (f *File) table(at, size uint32) (first, n uint32) {
	first, n = f.Number(at), f.Number(at+4)
	if uint64(first)+uint64(n)*uint64(size) > uint64(f.sums) {
		f.broken = true
		return 0, 0
	}
	return first, n
}

// records are n records of a size at an offset; what does not fit is none.
func (f *File) records(first, n, size uint32) []byte {
	end := uint64(first) + uint64(n)*uint64(size)
	if !f.holds(uint64(first), end) {
		return nil
	}
	return f.data[first:end]
}

// le32 is the first number of a record.
func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// Check tells whether the policy may be obeyed: whether all that it was made
// from is as it was. Trouble of kind Object says that it is stale.
func (f *File) Check(path string) bare.Trouble {
	if expires := int64(f.long(AtExpires)); expires != 0 {
		now, e := bare.RealTime()
		if e != 0 {
			return bare.Failed("clock_gettime", e, path, "")
		}
		// A clock that was set back must not keep it alive for ever.
		if made := int64(f.long(AtMade)); now >= expires || now < made {
			return bare.Broken(path, "", "is older than what the name service says of it lasts")
		}
	}
	first, n := f.table(AtSources, SourceSize)
	for i := range n {
		if t := f.source(first + i*SourceSize); !t.OK() {
			return t
		}
	}
	if f.broken {
		return bare.Broken(path, "", "is damaged")
	}
	return bare.Trouble{}
}

func (f *File) source(at uint32) bare.Trouble {
	var st bare.Stat
	source := f.Text(at)
	e := bare.StatPath(source, &st)
	gone := e == bare.Errno(unix.ENOENT) || e == bare.Errno(unix.ENOTDIR)
	same := false
	switch kind := f.Number(at + 8); {
	case e != 0 && !gone && (kind != SourceBarred || e.Kind() != bare.Object):
		return bare.Failed("statx", e, source, "")
	case kind == SourceBarred:
		same = e != 0 && !gone
	case kind == SourceAbsent:
		same = gone
	case kind == SourceDangling:
		same = gone && bare.LstatPath(source, &st) == 0
	case kind == SourcePresent && !gone:
		if same = f.sameStamps(at, &st); !same {
			var t bare.Trouble
			if same, t = f.sameContent(at, source); !t.OK() {
				return t
			}
		}
	}
	if !same {
		return bare.Broken(source, "", "has changed since the policy was made")
	}
	return bare.Trouble{}
}

// sameStamps tells whether a source is the object that was read, unchanged.
func (f *File) sameStamps(at uint32, st *bare.Stat) bool {
	return f.long(at+16) == uint64(st.Major)<<32|uint64(st.Minor) && f.long(at+24) == st.Ino &&
		f.Number(at+12) == st.Mode && f.long(at+32) == st.Size &&
		int64(f.long(at+40)) == st.Mtime.Sec && f.Number(at+48) == st.Mtime.Nsec &&
		f.Number(at+52) == st.Ctime.Nsec && int64(f.long(at+56)) == st.Ctime.Sec
}
