package policy

// Broken tells whether the file pointed outside of itself. Its answers are worth
// nothing then.
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
