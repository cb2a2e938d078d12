// Package policytest writes policies for tests, by the letter of package policy's
// comment and by nothing else: what reads them and what compiles them are tested
// against a third hand.
package policytest

import (
	"encoding/binary"
	"hash/fnv"
	"io"
	"os"
	"sort"

	"golang.org/x/sys/unix"

	"tmpshell/internal/policy"
)

// Policy is what a policy holds.
type Policy struct {
	Flags         uint32
	Expires, Made int64
	Demands       bool
	Sources       []Source
	Slots         []Slot
	Blocks        []Block
	Learnt        []Learnt
}

// Source is a file that the policy was made from.
type Source struct {
	Path   string
	Kind   uint32
	Stat   unix.Stat_t
	Digest uint64
}

// SourceOf is the source at a path, as it is now.
func SourceOf(path string) Source {
	s := Source{Path: path, Kind: policy.SourcePresent}
	switch unix.Stat(path, &s.Stat) {
	case nil:
	case unix.ELOOP:
		s.Kind = policy.SourceBarred
	default:
		s.Kind = policy.SourceAbsent
		if _, err := os.Readlink(path); err == nil {
			s.Kind = policy.SourceDangling
		}
	}
	if text, err := os.ReadFile(path); err == nil {
		s.Digest = digest(string(text))
	} else if entries, err := os.ReadDir(path); err == nil {
		s.Digest = digest(".") + digest("..")
		for _, e := range entries {
			s.Digest += digest(e.Name())
		}
	}
	return s
}

func digest(text string) uint64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, text)
	return h.Sum64()
}

// Slot is something that can be set.
type Slot struct {
	Kind   uint32
	Name   string
	Option uint32
}

// Block is what a Match line begins: all Criteria have to match. It is about nobody but
// those of Subject, from First to Last; with the zero Subject it may be about anybody.
type Block struct {
	Subject, First, Last uint32

	Criteria [][]Item
	Settings []Setting
}

// Item is one of a list. Text is for a pattern and for a name that is not known.
type Item struct {
	Kind, First, Last uint32
	Text              string
	Subject           uint32
}

// Setting is the value of a slot: one of the four.
type Setting struct {
	Slot   uint32
	Number uint32
	Set    uint64
	Text   string
	Items  []Item
}

// Learnt is what the name service has said.
type Learnt struct {
	Subject, ID uint32
	Name        string
}

// writer puts a policy together. Equal strings are one.
type writer struct {
	data    []byte
	strings map[string]uint32
}

// Bytes is the policy as a file.
func (p Policy) Bytes() []byte {
	w := writer{data: make([]byte, policy.HeaderSize), strings: make(map[string]uint32)}
	copy(w.data, policy.Magic)
	w.number(policy.AtFlags, p.Flags)
	w.long(policy.AtExpires, uint64(p.Expires))
	w.long(policy.AtMade, uint64(p.Made))
	if p.Demands {
		w.number(policy.AtDemands, 1)
	}
	w.table(policy.AtSources, policy.SourceSize, len(p.Sources), func(i int, at uint32) { w.source(at, p.Sources[i]) })
	w.table(policy.AtSlots, policy.SlotSize, len(p.Slots), func(i int, at uint32) {
		w.number(at, p.Slots[i].Kind)
		w.text(at+4, p.Slots[i].Name)
		w.number(at+12, p.Slots[i].Option)
	})
	w.table(policy.AtBlocks, policy.BlockSize, len(p.Blocks), func(i int, at uint32) { w.block(at, p.Blocks[i]) })
	learnt := append([]Learnt(nil), p.Learnt...)
	sort.Slice(learnt, func(i, j int) bool {
		a, b := learnt[i], learnt[j]
		return a.Subject < b.Subject || a.Subject == b.Subject && a.ID < b.ID
	})
	w.table(policy.AtLearnt, policy.LearntSize, len(learnt), func(i int, at uint32) {
		w.number(at, learnt[i].Subject)
		w.number(at+4, learnt[i].ID)
		w.text(at+8, learnt[i].Name)
	})
	w.number(policy.AtSums, uint32(len(w.data)))
	w.room((len(w.data) + policy.Chunk - 1) / policy.Chunk * 8)
	w.number(policy.AtSize, uint32(len(w.data)))
	return policy.Seal(w.data)
}

func (w *writer) number(at, n uint32)      { binary.LittleEndian.PutUint32(w.data[at:], n) }
func (w *writer) long(at uint32, n uint64) { binary.LittleEndian.PutUint64(w.data[at:], n) }
func (w *writer) room(n int) (first uint32) {
	first = uint32(len(w.data))
	w.data = append(w.data, make([]byte, n)...)
	return first
}
func (w *writer) pair(at, first uint32, n int) { w.number(at, first); w.number(at+4, uint32(n)) }

func (w *writer) table(at uint32, size, n int, each func(i int, at uint32)) {
	first := w.room(n * size)
	w.pair(at, first, n)
	for i := range n {
		each(i, first+uint32(i*size))
	}
}

func (w *writer) text(at uint32, s string) {
	first, ok := w.strings[s]
	if !ok {
		first = w.room(len(s))
		copy(w.data[first:], s)
		w.strings[s] = first
	}
	w.pair(at, first, len(s))
}

func (w *writer) source(at uint32, s Source) {
	w.text(at, s.Path)
	w.number(at+8, s.Kind)
	if s.Kind != policy.SourcePresent {
		return
	}
	w.number(at+12, s.Stat.Mode)
	w.long(at+64, s.Digest)
	dev := uint64(s.Stat.Dev)
	w.long(at+16, uint64(unix.Major(dev))<<32|uint64(unix.Minor(dev)))
	w.long(at+24, s.Stat.Ino)
	w.long(at+32, uint64(s.Stat.Size))
	w.long(at+40, uint64(s.Stat.Mtim.Sec))
	w.number(at+48, uint32(s.Stat.Mtim.Nsec))
	w.number(at+52, uint32(s.Stat.Ctim.Nsec))
	w.long(at+56, uint64(s.Stat.Ctim.Sec))
}

func (w *writer) block(at uint32, b Block) {
	w.number(at, b.Subject)
	w.number(at+4, b.First)
	w.number(at+8, b.Last)
	body := w.room(8 + len(b.Criteria)*policy.CriterionSize + len(b.Settings)*policy.SettingSize)
	w.number(at+12, body)
	w.pair(body, uint32(len(b.Criteria)), len(b.Settings))
	at = body + 8
	for _, items := range b.Criteria {
		w.items(at+4, items)
		at += policy.CriterionSize
	}
	for _, s := range b.Settings {
		w.number(at, s.Slot)
		switch {
		case s.Text != "":
			w.text(at+4, s.Text)
			w.number(at+12, policy.ValueText)
		case s.Items != nil:
			w.items(at+4, s.Items)
		case s.Set != 0:
			w.long(at+4, s.Set)
		default:
			w.number(at+4, s.Number)
		}
		at += policy.SettingSize
	}
}

func (w *writer) items(at uint32, items []Item) {
	w.table(at, policy.ItemSize, len(items), func(i int, at uint32) {
		item := items[i]
		w.number(at, item.Kind)
		w.number(at+12, item.Subject)
		if kind := item.Kind &^ policy.ItemNegated; kind == policy.ItemRange {
			w.number(at+4, item.First)
			w.number(at+8, item.Last)
			return
		}
		w.text(at+4, item.Text)
	})
}
