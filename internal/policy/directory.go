package policy

// Directory is the policy for one path.
type Directory struct {
	Path             string
	Method           uint32
	Variables, Share string
	Size, Inodes     string
	Per, Store       string // Per names a variable; empty for one of the user's
	Link             string
	Options          uint32
	Propagation      uint32
	MaxAge           uint32
	Inherit          uint32
}

// Mounted tells whether the session sees something else at the path.
func (d *Directory) Mounted() bool { return d.Method == Mount || d.Method == Tmpfs }

// Directory finds the next directory at or after a slot, and returns the slot to
// go on from. Those that nothing is said of for this caller are left out.
func (p *Policy) Directory(slot uint32, d *Directory) (next uint32, ok bool) {
	if p.f == nil {
		*d = Directory{Path: "/tmp", Method: Env, Variables: "TMPDIR,TMP,TEMP,TEMPDIR"}
		return 1, slot == 0
	}
	for ; slot < p.n; slot++ {
		if p.kind(slot) == SlotMethod && p.chosen[slot] != 0 {
			break
		}
	}
	if slot >= p.n {
		return slot, false
	}
	*d = Directory{Path: p.name(slot), Method: p.f.Number(p.chosen[slot] + 4)}
	for slot++; slot < p.n && p.kind(slot) == SlotOption; slot++ {
		if setting := p.chosen[slot]; setting != 0 {
			d.set(p.f, p.option(slot), setting+4)
		}
	}
	return slot, true
}

// set takes an option that goes with the method.
func (d *Directory) set(f *File, option, at uint32) {
	switch option {
	case OptVariables:
		d.Variables = f.Text(at)
	case OptMaxAge:
		d.MaxAge = f.Number(at)
	case OptInherit:
		d.Inherit = f.Number(at)
	}
	if !d.Mounted() {
		return
	}
	switch option {
	case OptOptions:
		d.Options = f.Number(at)
	case OptPropagation:
		d.Propagation = f.Number(at)
	case OptLink:
		d.Link = f.Text(at)
	}
	if d.Method == Mount {
		switch option {
		case OptShare:
			d.Share = f.Text(at)
		case OptPer:
			if d.Per = f.Text(at); d.Per == "user" || d.Per == "session" {
				d.Per = ""
			}
		case OptStore:
			d.Store = f.Text(at)
		}
		return
	}
	switch option {
	case OptSize:
		d.Size = f.Text(at)
	case OptInodes:
		d.Inodes = f.Text(at)
	}
}
