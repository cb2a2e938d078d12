package compile

import (
	"cmp"
	"encoding/binary"
	"slices"

	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
	"tmpshell/internal/source"
)

// The format is that of package policy. A file consists of the header, the body
// (what the configuration says) and the tail: sources, learnt names, their texts and
// the sums. The tail alone depends on the time, and is written anew with seal.

var le = binary.LittleEndian

// body is a header and a body in the making.
type body struct {
	b     []byte
	texts map[string]uint32 // where each text is: equal texts are one
}

func newBody() *body {
	return &body{b: make([]byte, policy.HeaderSize), texts: make(map[string]uint32)}
}

// reserve makes room for n records and returns where they begin.
func (b *body) reserve(n, size int) uint32 {
	at := len(b.b)
	b.b = append(b.b, make([]byte, n*size)...)
	return uint32(at)
}

func (b *body) put(at, n uint32)            { le.PutUint32(b.b[at:], n) }
func (b *body) putLong(at uint32, n uint64) { le.PutUint64(b.b[at:], n) }

// putPair writes an offset and a number.
func (b *body) putPair(at, offset uint32, n int) {
	b.put(at, offset)
	b.put(at+4, uint32(n))
}

// text writes a string where it is not yet, and its offset and length at a place.
func (b *body) text(at uint32, s string) {
	offset, ok := b.texts[s]
	if !ok {
		offset = uint32(len(b.b))
		b.texts[s] = offset
		b.b = append(b.b, s...)
	}
	b.putPair(at, offset, len(s))
}

// align makes the next record begin at a multiple of 8.
func (b *body) align() {
	for len(b.b)%8 != 0 {
		b.b = append(b.b, 0)
	}
}

// Learnt is what the name service has said of a number: its name, or with
// policy.SubjectShell its login shell.
type Learnt struct {
	Subject uint32 // policy.SubjectUser, SubjectGroup or SubjectShell
	ID      uint32
	Name    string // empty: there is none
	When    int64  // seconds since 1970
}

// tail is what a policy says besides what the configuration does.
type tail struct {
	sources       []source.Source
	learnt        []Learnt
	flags         uint32
	made, expires int64 // seconds since 1970; expires 0: never
}

// seal completes a policy.
func seal(headAndBody []byte, t tail) []byte {
	t.learnt = sorted(t.learnt)
	b := &body{b: headAndBody[:len(headAndBody):len(headAndBody)], texts: make(map[string]uint32)}
	b.align()
	sources := b.reserve(len(t.sources), policy.SourceSize)
	learnt := b.reserve(len(t.learnt), policy.LearntSize)
	for i, s := range t.sources {
		b.source(sources+uint32(i)*policy.SourceSize, s)
	}
	for i, l := range t.learnt {
		at := learnt + uint32(i)*policy.LearntSize
		b.put(at, l.Subject)
		b.put(at+4, l.ID)
		b.text(at+8, l.Name)
		b.putLong(at+16, uint64(l.When))
	}
	b.align()
	body := len(b.b)
	b.put(policy.AtSums, b.reserve((body+policy.Chunk-1)/policy.Chunk, 8))
	copy(b.b, policy.Magic)
	b.put(policy.AtSize, uint32(len(b.b)))
	b.put(policy.AtFlags, t.flags)
	b.putLong(policy.AtExpires, uint64(t.expires))
	b.putLong(policy.AtMade, uint64(t.made))
	b.putPair(policy.AtSources, sources, len(t.sources))
	b.putPair(policy.AtLearnt, learnt, len(t.learnt))
	return policy.Seal(b.b)
}

// sorted is the table as the evaluator searches it, without the oldest of too
// many.
func sorted(list []Learnt) []Learnt {
	list = slices.Clone(list)
	if len(list) > maxLearnt {
		slices.SortStableFunc(list, func(a, b Learnt) int { return cmp.Compare(b.When, a.When) })
		list = list[:maxLearnt]
	}
	slices.SortStableFunc(list, func(a, b Learnt) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// maxLearnt bounds the table.
const maxLearnt = 4096

func (b *body) source(at uint32, s source.Source) {
	b.text(at, s.Path)
	if s.Absent {
		b.put(at+8, policy.SourceAbsent)
		return
	}
	if s.Barred {
		b.put(at+8, policy.SourceBarred)
		return
	}
	if s.Dangling {
		b.put(at+8, policy.SourceDangling)
		return
	}
	b.put(at+8, policy.SourcePresent)
	b.put(at+12, s.Stat.Mode)
	b.putLong(at+64, s.Digest)
	b.putLong(at+16, uint64(s.Stat.Major)<<32|uint64(s.Stat.Minor))
	b.putLong(at+24, s.Stat.Ino)
	b.putLong(at+32, s.Stat.Size)
	b.putLong(at+40, uint64(s.Stat.Mtime.Sec))
	b.put(at+48, s.Stat.Mtime.Nsec)
	b.put(at+52, s.Stat.Ctime.Nsec)
	b.putLong(at+56, uint64(s.Stat.Ctime.Sec))
}

// bodyOf is the header and body of a sealed policy, to be sealed again.
func bodyOf(data []byte) []byte {
	end := le.Uint32(data[policy.AtSources:])
	if uint64(end) > uint64(len(data)) || end < policy.HeaderSize {
		end = uint32(len(data))
	}
	return append([]byte(nil), data[:end]...)
}

// tailOf is the tail of a policy.
func tailOf(f *policy.File) tail {
	return tail{
		sources: sourcesOf(f), learnt: learntOf(f), flags: f.Flags(),
		made: int64(long(f, policy.AtMade)), expires: int64(long(f, policy.AtExpires)),
	}
}

func long(f *policy.File, at uint32) uint64 { return uint64(f.Number(at)) | uint64(f.Number(at+4))<<32 }

func sourcesOf(f *policy.File) []source.Source {
	first, n := f.Number(policy.AtSources), f.Number(policy.AtSources+4)
	var list []source.Source
	for i := range n {
		at := first + i*policy.SourceSize
		device := long(f, at+16)
		kind := f.Number(at + 8)
		s := source.Source{Path: f.Text(at), Absent: kind == policy.SourceAbsent, Barred: kind == policy.SourceBarred, Dangling: kind == policy.SourceDangling, Digest: long(f, at+64), Stat: bare.Stat{
			Mode:  f.Number(at + 12),
			Major: uint32(device >> 32), Minor: uint32(device), Ino: long(f, at+24), Size: long(f, at+32),
			Mtime: bare.Time{Sec: int64(long(f, at+40)), Nsec: f.Number(at + 48)},
			Ctime: bare.Time{Sec: int64(long(f, at+56)), Nsec: f.Number(at + 52)},
		}}
		if f.Broken() {
			return list
		}
		list = append(list, s)
	}
	return list
}

// learntOf lists what a policy has learnt.
func learntOf(f *policy.File) []Learnt {
	first, n := f.Number(policy.AtLearnt), f.Number(policy.AtLearnt+4)
	var list []Learnt
	for i := range n {
		at := first + i*policy.LearntSize
		l := Learnt{f.Number(at), f.Number(at + 4), f.Text(at + 8), int64(long(f, at+16))}
		if f.Broken() {
			return list
		}
		list = append(list, l)
	}
	return list
}
