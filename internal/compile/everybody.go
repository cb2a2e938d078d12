package compile

import "tmpshell/internal/policy"

// Path is what a policy may ask for at one path, for somebody.
type Path struct {
	At                string
	Env, Mount, Tmpfs bool
}

// Everybody is what a policy may ask for, for somebody.
type Everybody struct {
	Paths   []Path
	Runtime bool // RuntimeDirectory yes
}

// EverybodyOf lists what a policy has for anybody: no name and no number is
// looked at.
func EverybodyOf(f *policy.File) Everybody {
	var all Everybody
	slots, n := f.Number(policy.AtSlots), f.Number(policy.AtSlots+4)
	for i := range n {
		at := slots + i*policy.SlotSize
		kind := f.Number(at)
		if kind != policy.SlotMethod && kind != policy.SlotRuntime || f.Broken() {
			continue
		}
		path := Path{At: f.Text(at + 4)}
		for _, value := range valuesOf(f, i) {
			switch {
			case kind == policy.SlotRuntime:
				all.Runtime = all.Runtime || value != 0
			case value == policy.Env:
				path.Env = true
			case value == policy.Mount:
				path.Mount = true
			case value == policy.Tmpfs:
				path.Tmpfs = true
			}
		}
		if kind == policy.SlotMethod {
			all.Paths = append(all.Paths, path)
		}
	}
	return all
}

// valuesOf lists the values that a slot may come to have. A block that matches
// everybody is the last that can give it one.
func valuesOf(f *policy.File, slot uint32) []uint32 {
	var list []uint32
	blocks, n := f.Number(policy.AtBlocks), f.Number(policy.AtBlocks+4)
	for i := range n {
		body := f.Number(blocks + i*policy.BlockSize + 12)
		criteria, count := f.Number(body), f.Number(body+4)
		settings := body + 8 + criteria*policy.CriterionSize
		for j := range count {
			if f.Broken() {
				return list
			}
			if setting := settings + j*policy.SettingSize; f.Number(setting) == slot {
				list = append(list, f.Number(setting+4))
				if criteria == 0 {
					return list
				}
				break
			}
		}
	}
	return list
}
