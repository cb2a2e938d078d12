package policy

import "encoding/binary"

// Broken tells whether the file pointed outside of itself, or to what is damaged. Its
// answers are worth nothing then.
func (f *File) Broken() bool { return f.broken }

// Demands tells whether a session of anybody's may demand something.
func (f *File) Demands() bool { return f.Number(AtDemands) != 0 }

// Flags of the header.
func (f *File) Flags() uint32 { return f.Number(AtFlags) }

// Of is the policy for a path of method mount, or the zero one.
func (p *Policy) Of(path string) Directory {
	var d Directory
	for slot, ok := uint32(0), true; ; {
		if slot, ok = p.Directory(slot, &d); !ok {
			return Directory{}
		}
		if d.Path == path && d.Method == Mount {
			return d
		}
	}
}

// Seal gives a policy the sums that are right for what is in it: it has room for them,
// and says where. Of one that does not, nothing is changed.
func Seal(data []byte) []byte {
	if len(data) < HeaderSize {
		return data
	}
	sums, ok := sumsOf(data)
	if !ok {
		return data
	}
	for c := range uint64(len(sums)) / 8 {
		binary.LittleEndian.PutUint64(sums[c*8:], Sum(0, chunk(data[:len(data)-len(sums)], c)))
	}
	binary.LittleEndian.PutUint64(data[AtSum:], Sum(Sum(0, data[AtSum+8:HeaderSize]), sums))
	return data
}
