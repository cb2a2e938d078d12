package policy

import (
	"strings"

	"tmpshell/internal/bare"
)

// Policy is what a policy file says for one caller.
type Policy struct {
	f     *File
	slots uint32 // offset of the table
	n     uint32

	// Exempt: the session is left alone.
	Exempt bool
	// Unlearnt: a name was wanted that the name service has not been asked
	// for; the helper can.
	Unlearnt bool
	// Unknown: not every name is known, and the strict side was taken.
	Unknown bool

	Runtime, Deny, Supervise, NoNewPrivileges bool
	Log                                       uint32
	Shell                                     string // empty: see the choice of the real shell
	// User is the caller's login name where something of the policy has it in
	// it; empty if there is none, or it is not known.
	User    string
	Ambient uint64

	// chosen is, for each slot, the offset of the setting that counts, 0 for
	// none. What is beyond n is not looked at, nor written.
	chosen [MaxSlots]uint32
}

// Resolve finds what the file says for a caller. Trouble says that the file is
// damaged.
func (p *Policy) Resolve(f *File, c *Caller, path string) bare.Trouble {
	p.slots, p.n = f.table(AtSlots, SlotSize)
	if p.n > MaxSlots {
		*p = Policy{f: f}
		return bare.Broken(path, "", "is damaged: too many slots")
	}
	p.begin(f)
	m := matcher{f: f, c: c, grants: ^uint64(0)}
	f.records(p.slots, p.n, SlotSize) // all of them are asked for later
	for r := f.records(f.Number(AtBlocks), f.Number(AtBlocks+4), BlockSize); len(r) >= BlockSize; r = r[BlockSize:] {
		switch first, last := le32(r[4:]), le32(r[8:]); le32(r) {
		case SubjectUser:
			if c.UID < first || c.UID > last {
				continue
			}
		case SubjectGroup:
			if !m.hasGroup(first, last) {
				continue
			}
		}
		body := le32(r[12:])
		criteria, settings := f.Number(body), f.Number(body+4)
		first := body + 8 + criteria*CriterionSize
		switch m.block(body+8, criteria) {
		case Yes:
			p.choose(first, settings, &m, true)
		case Maybe:
			p.Unknown = true
			p.choose(first, settings, &m, false)
		}
	}
	for i := range p.n {
		p.take(&m, i)
	}
	p.Ambient &= m.grants
	p.Exempt = p.Exempt && !m.barred
	p.nameUser(&m)
	p.Unlearnt = m.unlearnt
	if f.broken {
		return bare.Broken(path, "", "is damaged")
	}
	return bare.Trouble{}
}

// begin forgets what was chosen. It writes no more memory than is used.
func (p *Policy) begin(f *File) {
	for i := range p.n {
		p.chosen[i] = 0
	}
	p.f = f
	p.Exempt, p.Unlearnt, p.Unknown = false, false, false
	p.Runtime, p.Deny, p.Supervise, p.NoNewPrivileges = false, false, false, false
	p.Log, p.Shell, p.User, p.Ambient = 0, "", "", 0
}

// choose takes the settings of a block for slots that are not set yet. Of one
// that only may match, those count that restrict.
func (p *Policy) choose(first, n uint32, m *matcher, all bool) {
	if p.f.records(first, n, SettingSize) == nil {
		return
	}
	within := uint32(0) // the directory that such a block has mounted
	for i := range n {
		setting := first + i*SettingSize
		slot := p.f.Number(setting)
		if slot >= p.n {
			p.f.broken = true
			return
		}
		if !all {
			switch kind := p.kind(slot); {
			case kind == SlotAmbient && p.chosen[slot] == 0:
				m.grants &= p.f.long(setting + 4)
			case kind == SlotExempt && p.chosen[slot] == 0:
				m.barred = m.barred || m.list(setting+4) != Yes
			case kind == SlotMethod:
				within = 0
				if method := p.f.Number(setting + 4); method == Mount || method == Tmpfs {
					within = p.nameOffset(slot)
				}
			}
			if !p.restricts(slot, setting, within) {
				continue
			}
		}
		if p.chosen[slot] == 0 {
			p.chosen[slot] = setting
		}
	}
}

func (p *Policy) restricts(slot, setting, within uint32) bool {
	switch p.kind(slot) {
	case SlotShell:
		return !IsUnrestricted(bare.Base(p.f.Text(setting + 4)))
	case SlotDeny, SlotNoNewPriv:
		return p.f.Number(setting+4) != 0
	case SlotMethod, SlotOption:
		return within != 0 && p.nameOffset(slot) == within
	}
	return false
}

func (p *Policy) kind(slot uint32) uint32       { return p.f.Number(p.slots + slot*SlotSize) }
func (p *Policy) name(slot uint32) string       { return p.f.Text(p.slots + slot*SlotSize + 4) }
func (p *Policy) nameOffset(slot uint32) uint32 { return p.f.Number(p.slots + slot*SlotSize + 4) }
func (p *Policy) option(slot uint32) uint32     { return p.f.Number(p.slots + slot*SlotSize + 12) }

// take reads the value of one slot that is a keyword, and looks at the texts of any
// other: what is damaged shows here, and not when it is asked for.
func (p *Policy) take(m *matcher, slot uint32) {
	setting := p.chosen[slot]
	if setting == 0 {
		return
	}
	number := p.f.Number(setting + 4)
	p.name(slot)
	if p.f.Number(setting+12) == ValueText {
		p.f.Text(setting + 4)
	}
	switch p.kind(slot) {
	case SlotExempt:
		p.Exempt = m.list(setting+4) == Yes
	case SlotRuntime:
		p.Runtime = number != 0
	case SlotShell:
		p.Shell = p.f.Text(setting + 4)
	case SlotDeny:
		p.Deny = number != 0
	case SlotSupervise:
		p.Supervise = number != 0
	case SlotNoNewPriv:
		p.NoNewPrivileges = number != 0
	case SlotAmbient:
		p.Ambient = p.f.long(setting + 4)
	case SlotLog:
		p.Log = number
	}
}

// nameUser learns the caller's name where an entry of share= has it in it.
func (p *Policy) nameUser(m *matcher) {
	for slot := range p.n {
		if p.chosen[slot] != 0 && p.kind(slot) == SlotOption && p.option(slot) == OptShare &&
			strings.Contains(p.f.Text(p.chosen[slot]+4), "${USER}") {
			p.User, _ = m.name(SubjectUser, m.c.UID, 0)
			return
		}
	}
}

// SetEnv finds the next variable of SetEnv at or after a slot.
func (p *Policy) SetEnv(slot uint32) (next uint32, name, value string, ok bool) {
	for ; slot < p.n; slot++ {
		if p.kind(slot) == SlotSetEnv && p.chosen[slot] != 0 {
			return slot + 1, p.name(slot), p.f.Text(p.chosen[slot] + 4), true
		}
	}
	return slot, "", "", false
}

// Mounts tells whether the session gets something mounted.
func (p *Policy) Mounts() bool {
	var d Directory
	for slot := uint32(0); ; {
		next, ok := p.Directory(slot, &d)
		if !ok {
			return false
		}
		if d.Mounted() {
			return true
		}
		slot = next
	}
}

// Demands tells whether the configuration demands something of the session, so
// that it may not be had with less.
func (p *Policy) Demands() bool {
	return !p.Exempt && (p.Deny || p.NoNewPrivileges || p.Shell != "" || p.Ambient != 0 || p.Mounts())
}

// BuiltIn makes it the policy of a machine without a configuration.
func (p *Policy) BuiltIn(exempt bool) { *p = Policy{Exempt: exempt, Runtime: true} }
