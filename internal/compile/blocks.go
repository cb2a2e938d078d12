package compile

import (
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/config"
	"tmpshell/internal/policy"
)

// option is how one option of a Directory line is written.
type option struct {
	name   string
	number uint32
	// value is what a text comes to, if it is not kept as it is.
	value func(text string) uint32
}

var options = []option{
	{name: "variables", number: policy.OptVariables},
	{name: "share", number: policy.OptShare},
	{name: "size", number: policy.OptSize},
	{name: "inodes", number: policy.OptInodes},
	{name: "options", number: policy.OptOptions, value: mountFlags},
	{name: "propagation", number: policy.OptPropagation, value: propagation},
	{name: "max-age", number: policy.OptMaxAge, value: seconds},
	{name: "inherit", number: policy.OptInherit, value: inherit},
	{name: "per", number: policy.OptPer},
	{name: "store", number: policy.OptStore},
	{name: "link", number: policy.OptLink},
}

// defaultFlags: nobody needs the opposite in a temporary directory.
const defaultFlags = "nosuid,nodev"

var flagsByName = map[string]uint32{
	"nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC, "noatime": unix.MS_NOATIME,
}

func mountFlags(text string) uint32 {
	flags := uint32(unix.MS_NOSUID | unix.MS_NODEV)
	for _, name := range config.List(text) {
		flags |= flagsByName[name]
	}
	return flags
}

func propagation(text string) uint32 {
	return map[string]uint32{"private": policy.PropagationPrivate, "shared": policy.PropagationShared}[text]
}

func seconds(text string) uint32 {
	n, _ := config.ParseAge(text) // checked when it was read
	return uint32(min(n, 1<<32-1))
}

func inherit(text string) uint32 {
	if text == "private" {
		return policy.InheritPrivate
	}
	return policy.InheritNo
}

// slotKey is what a slot sets: a keyword, a variable, or a directory's method or
// one of its options.
type slotKey struct {
	kind   uint32
	name   string
	option uint32
}

// setting is the value of a slot in one block.
type setting struct {
	pos    config.Pos
	slot   slotKey
	value  config.Value
	isText bool
	isList bool
	isLong bool
}

// block is one block to be written.
type block struct {
	pos      config.Pos
	criteria []config.Criterion
	settings []setting
}

// demands tells whether a session of whom the block is about may demand
// something, see policy.Policy.Demands.
func (b block) demands() bool {
	for _, s := range b.settings {
		switch s.slot.kind {
		case policy.SlotDeny, policy.SlotNoNewPriv, policy.SlotAmbient:
			if s.value.Number != 0 {
				return true
			}
		case policy.SlotShell:
			return true
		case policy.SlotMethod:
			if s.value.Number == policy.Mount || s.value.Number == policy.Tmpfs {
				return true
			}
		}
	}
	return false
}

// blocksOf lists the blocks in the order of their precedence.
func blocksOf(c *config.Config) []block {
	var list []block
	for _, s := range c.Blocks {
		list = append(list, blockOf(s))
	}
	return append(list, blockOf(&c.Global), builtIn(c))
}

func blockOf(s *config.Section) block {
	b := block{pos: s.Pos, criteria: s.Criteria}
	for _, g := range s.Values {
		b.settings = append(b.settings, keyword(g.Pos, g.Slot, g.Value))
	}
	for _, d := range s.Directories {
		b.settings = append(b.settings, directory(d)...)
	}
	seen := make(map[string]bool)
	for _, e := range s.SetEnv {
		if !seen[e.Name] {
			seen[e.Name] = true
			b.settings = append(b.settings, setting{pos: e.Pos, slot: slotKey{policy.SlotSetEnv, e.Name, 0}, value: config.Value{Text: e.Value}, isText: true})
		}
	}
	return b
}

// builtIn is what holds where the configuration says nothing.
func builtIn(c *config.Config) block {
	var b block
	for i := range config.Keywords {
		if v, ok := config.Keywords[i].BuiltIn(); ok {
			b.settings = append(b.settings, keyword(config.Pos{}, config.Keywords[i].Slot, v))
		}
	}
	b.settings = append(b.settings, directory(config.TmpLine)...)
	for _, path := range c.Paths() {
		b.settings = append(b.settings, optionOf(config.Pos{}, path, "options", defaultFlags))
	}
	return b
}

func keyword(pos config.Pos, slot uint32, v config.Value) setting {
	return setting{pos: pos, slot: slotKey{kind: slot}, value: v,
		isText: slot == policy.SlotShell, isList: slot == policy.SlotExempt, isLong: slot == policy.SlotAmbient}
}

// directory is the method, which has to be the first, and the options.
func directory(d config.DirectoryLine) []setting {
	methods := map[config.Method]uint64{
		config.Off: policy.Off, config.Env: policy.Env, config.Mount: policy.Mount, config.Tmpfs: policy.Tmpfs,
	}
	list := []setting{{pos: d.Pos, slot: slotKey{policy.SlotMethod, d.Path, 0}, value: config.Value{Number: methods[d.Method]}}}
	for _, o := range options {
		if text, ok := d.Options[o.name]; ok {
			list = append(list, optionOf(d.Pos, d.Path, o.name, text))
		}
	}
	return list
}

func optionOf(pos config.Pos, path, name, text string) setting {
	for _, o := range options {
		if o.name != name {
			continue
		}
		s := setting{pos: pos, slot: slotKey{policy.SlotOption, path, o.number}, value: config.Value{Text: text}, isText: true}
		if o.value != nil {
			s.value, s.isText = config.Value{Number: uint64(o.value(text))}, false
		}
		return s
	}
	panic("no option " + name)
}

// slotsOf gives each slot its number: keywords, the directories in the order of
// Config.Paths, each followed by its options, and the variables of SetEnv, those
// of the global section first.
func slotsOf(c *config.Config, blocks []block) ([]slotKey, error) {
	if paths := c.Paths(); len(paths) > policy.MaxDirectories {
		return nil, &config.Error{Pos: posOf(blocks, paths[policy.MaxDirectories]), Message: "too many directories: more than " + strconv.Itoa(policy.MaxDirectories)}
	}
	options := make(map[string][]slotKey) // of each path
	var variables []slotKey
	seen := make(map[slotKey]bool)
	n := len(config.Keywords) + len(c.Paths())
	global := len(blocks) - 2
	order := append([]block{blocks[global+1], blocks[global]}, blocks[:global]...)
	for _, b := range order {
		for _, s := range b.settings {
			if seen[s.slot] || s.slot.kind != policy.SlotOption && s.slot.kind != policy.SlotSetEnv {
				continue
			}
			seen[s.slot] = true
			if n++; n > policy.MaxSlots {
				return nil, &config.Error{Pos: s.pos, Message: "too many different variables, directories and options of them: more than " + strconv.Itoa(policy.MaxSlots)}
			}
			if s.slot.kind == policy.SlotSetEnv {
				variables = append(variables, s.slot)
			} else {
				options[s.slot.name] = append(options[s.slot.name], s.slot)
			}
		}
	}
	var slots []slotKey
	for _, k := range config.Keywords {
		slots = append(slots, slotKey{kind: k.Slot})
	}
	for _, path := range c.Paths() {
		slots = append(slots, slotKey{policy.SlotMethod, path, 0})
		slots = append(slots, options[path]...)
	}
	return append(slots, variables...), nil
}

// posOf is where a path is first given.
func posOf(blocks []block, path string) config.Pos {
	for _, b := range blocks {
		for _, s := range b.settings {
			if s.slot.kind == policy.SlotMethod && s.slot.name == path {
				return s.pos
			}
		}
	}
	return config.Pos{}
}

func subject(i config.Item) uint32 {
	if i.Group {
		return policy.SubjectGroup
	}
	return policy.SubjectUser
}
