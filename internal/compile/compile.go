// Package compile makes of a configuration what a login looks at: a file in
// which numbers stand for names (package policy).
//
// It asks the name service, and MUST run where no user can signal it, limit it,
// trace it or read what its children say: a process of root's. What the name
// service says that it does not have may be in a directory server that is down;
// see numbers.
package compile

import (
	"errors"
	"strconv"
	"time"

	"tmpshell/internal/config"
	"tmpshell/internal/policy"
	"tmpshell/internal/source"
)

// Options say what a configuration is compiled with.
type Options struct {
	// Names is where names and numbers come from; nil: the machine's own.
	Names *Names
	// Before is the policy of before, whose numbers are kept where nobody
	// knows better. Nil: there is none.
	Before *policy.File
	// Now is the time; nil: the clock's.
	Now func() time.Time
}

// Result is a compiled configuration.
type Result struct {
	Policy []byte
	// Unknown say which names nobody knows, and where they stand. Failed is
	// why somebody could not be asked.
	Unknown []*config.Error
	Failed  error
}

// Ages of a policy in seconds.
const (
	normalAge = 3600 // of what the name service has said
	soon      = 60   // where it was kept from answering
	learntAge = 24 * 3600
)

// Config compiles a configuration. An error says that it is beyond the limits of
// a policy (*config.Error), or that an account file could not be read.
func Config(c *config.Config, o Options) ([]byte, error) {
	r, err := All(c, o)
	return r.Policy, err
}

// All compiles a configuration, and says what became of its names.
func All(c *config.Config, o Options) (Result, error) {
	if o.Names == nil {
		o.Names = System()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	now := o.Now().Unix()
	var before []Learnt
	if o.Before != nil {
		before = learntOf(o.Before)
	}
	found, err := o.Names.numbersOf(c, before, now)
	if err != nil {
		return Result{}, err
	}
	b, err := write(c, found)
	if err != nil {
		return Result{}, err
	}
	t := tail{sources: sources(c.Sources, found.sources), learnt: found.learnt, made: now}
	age := int64(learntAge)
	if found.failed != nil || found.doubted {
		age = keepFor // the name service is not what it was
	}
	t.learnt = keep(t.learnt, before, now, age)
	if found.failed != nil {
		t.flags |= policy.FlagNames
	}
	switch {
	case found.failed != nil || found.doubted:
		t.expires = now + soon
	case found.asked || len(t.learnt) > 0:
		t.expires = now + normalAge
	}
	r := Result{Policy: seal(b.b, t), Failed: found.failed}
	for _, k := range found.unknown {
		r.Unknown = append(r.Unknown, found.whereIs(c, k))
	}
	if len(r.Policy) >= policy.MaxSize {
		return Result{}, &config.Error{Pos: lastOf(c), Message: tooLarge}
	}
	return r, nil
}

const tooLarge = "the configuration is too large when it is compiled"

func lastOf(c *config.Config) config.Pos {
	if n := len(c.Blocks); n > 0 {
		return c.Blocks[n-1].Pos
	}
	return config.Pos{}
}

// sources are those of both lists, each once.
func sources(lists ...[]source.Source) []source.Source {
	var all []source.Source
	seen := make(map[string]bool)
	for _, list := range lists {
		for _, s := range list {
			if !seen[s.Path] {
				seen[s.Path] = true
				all = append(all, s)
			}
		}
	}
	return all
}

// keep adds what was learnt before and is not too old.
func keep(list, before []Learnt, now, age int64) []Learnt {
	have := make(map[[2]uint32]bool)
	for _, l := range list {
		have[[2]uint32{l.Subject, l.ID}] = true
	}
	for _, l := range before {
		if id := [2]uint32{l.Subject, l.ID}; !have[id] && l.When <= now && now-l.When < age {
			have[id] = true
			list = append(list, l)
		}
	}
	return list
}

// write writes the header's tables and the body.
func write(c *config.Config, found *numbers) (*body, error) {
	b := newBody()
	blocks := blocksOf(c)
	slots, err := slotsOf(c, blocks)
	if err != nil {
		return nil, err
	}
	at := b.reserve(len(slots), policy.SlotSize)
	b.putPair(policy.AtSlots, at, len(slots))
	number := make(map[slotKey]uint32, len(slots))
	for i, s := range slots {
		number[s] = uint32(i)
		record := at + uint32(i)*policy.SlotSize
		b.put(record, s.kind)
		b.text(record+4, s.name)
		b.put(record+12, s.option)
	}
	b.align()
	at = b.reserve(len(blocks), policy.BlockSize)
	b.putPair(policy.AtBlocks, at, len(blocks))
	for i, one := range blocks {
		b.block(at+uint32(i)*policy.BlockSize, one, number, found)
		if one.demands() {
			b.put(policy.AtDemands, 1)
		}
		if len(b.b) >= policy.MaxSize {
			return nil, &config.Error{Pos: one.pos, Message: tooLarge + ": more than " + strconv.Itoa(policy.MaxSize) + " bytes"}
		}
	}
	return b, nil
}

func (b *body) block(record uint32, one block, number map[slotKey]uint32, found *numbers) {
	b.align()
	at := b.reserve(1, 8)
	criteria := b.reserve(len(one.criteria), policy.CriterionSize)
	settings := b.reserve(len(one.settings), policy.SettingSize)
	b.put(record+12, at)
	b.putPair(at, uint32(len(one.criteria)), len(one.settings))
	for i, criterion := range one.criteria {
		at := criteria + uint32(i)*policy.CriterionSize
		b.items(at+4, criterion, found)
		if le.Uint32(b.b[record:]) == 0 {
			b.whom(record, at+4)
		}
	}
	for i, s := range one.settings {
		record := settings + uint32(i)*policy.SettingSize
		b.put(record, number[s.slot])
		switch {
		case s.isText:
			b.text(record+4, s.value.Text)
			b.put(record+12, policy.ValueText)
		case s.isList:
			b.items(record+4, s.value.Items, found)
		case s.isLong:
			b.putLong(record+4, s.value.Number)
		default:
			b.put(record+4, uint32(s.value.Number))
		}
	}
}

// whom says at a block's record whom a list of items, of a criterion, may be about,
// where numbers alone say that: nobody else need look at the block.
func (b *body) whom(record, list uint32) {
	var subject uint32
	first, last := uint32(1<<32-1), uint32(0)
	at, n := le.Uint32(b.b[list:]), le.Uint32(b.b[list+4:])
	for r := b.b[at : at+n*policy.ItemSize]; len(r) > 0; r = r[policy.ItemSize:] {
		kind, of := le.Uint32(r), le.Uint32(r[12:])
		switch {
		case kind&policy.ItemNegated != 0:
			continue // it makes them fewer
		case kind != policy.ItemRange, subject != 0 && of != subject:
			return
		}
		subject, first, last = of, min(first, le.Uint32(r[4:])), max(last, le.Uint32(r[8:]))
	}
	b.put(record, subject)
	b.putPair(record+4, first, int(last))
}

// items writes a list of items, and where it is at a place.
func (b *body) items(place uint32, list []config.Item, found *numbers) {
	b.align()
	at := b.reserve(len(list), policy.ItemSize)
	b.putPair(place, at, len(list))
	for i, item := range list {
		record := at + uint32(i)*policy.ItemSize
		kind := uint32(policy.ItemRange)
		id, known := found.ids[key{subject(item), item.Text}]
		switch {
		case item.IsRange():
			b.put(record+4, item.First)
			b.put(record+8, item.Last)
		case item.IsPattern():
			kind = policy.ItemPattern
			b.text(record+4, item.Text)
		case known:
			b.put(record+4, id)
			b.put(record+8, id)
		default:
			kind = policy.ItemUnknown
			b.text(record+4, item.Text)
		}
		if item.Negated {
			kind |= policy.ItemNegated
		}
		b.put(record, kind)
		b.put(record+12, subject(item))
	}
}

// IsWrong tells whether an error says that the configuration is wrong, and not
// that something could not be looked at.
func IsWrong(err error) bool {
	var one *config.Error
	var all config.Errors
	return err != nil && !config.Kept(err) && (errors.As(err, &one) || errors.As(err, &all))
}
