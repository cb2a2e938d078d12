package e2e

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/witness"
	"tmpshell/internal/capset"
)

// effect is a difference that a way to be started makes: it has all of the facts
// as they must be then, and no other facts may differ.
type effect struct {
	words string // of an item of tmpshell-internals(7), "What differs", or of the configuration
	// change makes, of the facts of a direct start, those of this way. Found
	// are those that there were, for numbers that nobody can know.
	change func(state startState, facts, found witness.Facts)
}

// Configured differences. Those that the kernel makes are in starts_unequal_test.go.
const (
	ownMounts    = "mounts of the session's own"
	ownNamespace = "a mount namespace of the session's own"
	grant        = "a granted capability"
	noPrivileges = "no new privileges"
)

// expect returns what a way is to have, and the words of the effects there are.
func (w startWay) expect(state startState, without, found witness.Facts) (expected witness.Facts, words []string) {
	if w.configured == nil {
		return without, nil
	}
	expected = maps.Clone(without)
	for _, e := range w.effects {
		before := maps.Clone(expected)
		e.change(state, expected, found)
		if len(witness.Compare(before, expected)) > 0 {
			words = append(words, e.words)
		}
	}
	return expected, words
}

// words are those of all effects that there can be.
func (w startWay) words() []string {
	var all []string
	if w.configured != nil {
		for _, e := range w.effects {
			all = append(all, e.words)
		}
	}
	slices.Sort(all)
	return all
}

// permitted is what of a program file's capabilities the process has in the end,
// if it executes that: what tmpshell has without it, and what it gains.
func permitted(file capset.Set, f witness.Facts) capset.Set {
	have := set(f, "permitted")
	if one(f, "no_new_privs") != "1" {
		have |= set(f, "bounding")
	}
	return file & have
}

// executed tells whether the session program is executed: it has something to give.
// Mounting takes all of its capabilities.
func executed(file capset.Set, f witness.Facts) bool {
	all := permitted(file, f)
	return all&^set(f, "permitted") != 0 && (!file.Has(capset.SysAdmin) || all == file)
}

// ofKernel are the effects of a session program with file capabilities.
func ofKernel(file capset.Set) []effect {
	const (
		secure      = 0x0400000 | noRandomization | compatLayout | mmapPageZero // PER_CLEAR_ON_SETID
		randomized  = 0x400000                                                  // PF_RANDOMIZE
		stackMedium = 8 * mega                                                  // _STK_LIM
	)
	if file == 0 {
		return nil
	}
	when := func(f witness.Facts) bool { return executed(file, f) }
	return []effect{
		{ambientCleared, func(_ startState, f, _ witness.Facts) {
			if when(f) && set(f, "ambient") != 0 {
				for _, name := range []string{"ambient", "permitted", "effective"} {
					put(f, name, 0)
				}
			}
		}},
		{deathSignal, func(_ startState, f, _ witness.Facts) {
			if when(f) {
				f["parent-death signal"] = []string{"0"}
			}
		}},
		{personalityBits, func(_ startState, f, _ witness.Facts) {
			bits, _ := strconv.ParseUint(one(f, "personality"), 0, 32)
			if !when(f) || bits&secure == 0 {
				return
			}
			f["personality"] = []string{cHex(bits &^ secure)}
			flags, _ := strconv.ParseUint(one(f, "stat, flags"), 0, 32)
			f["stat, flags"] = []string{fmt.Sprint(flags | randomized)}
		}},
		{stackLimit, func(_ startState, f, _ witness.Facts) {
			key := fmt.Sprintf("limit %d", unix.RLIMIT_STACK)
			text, hard, _ := strings.Cut(one(f, key), ":")
			soft, _ := strconv.ParseInt(text, 10, 64)
			if when(f) && uint64(soft) > stackMedium {
				f[key] = []string{fmt.Sprintf("%d:%s", stackMedium, hard)}
			}
		}},
	}
}

// leastFiles is the limit on open files under which a session that is to have a
// mount is never refused: it takes up to 11, says tmpshell-internals(7), and 4 are open.
const leastFiles = 11 + 4

// mountable: there are capabilities enough.
func mountable(file capset.Set, f witness.Facts) bool { return permitted(file, f).Has(file) }

// cHex is %#x of printf(3).
func cHex(n uint64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%#x", n)
}

// ofMounts are those of methods mount and tmpfs: two mounts, in a namespace that
// is an older session's, if there is one.
func ofMounts(file capset.Set, older string) []effect {
	return []effect{
		{ownMounts, func(_ startState, f, found witness.Facts) {
			if mountable(file, f) {
				f["mount"] = addMounts(f["mount"], found["mount"])
			}
		}},
		{ownNamespace, func(state startState, f, found witness.Facts) {
			if !mountable(file, f) {
				return
			}
			now := one(found, mountSpace)
			if _, err := strconv.Atoi(now); err == nil && now != one(f, mountSpace) {
				f[mountSpace] = []string{now}
			}
			if older != "" && !state.elsewhere {
				f[mountSpace] = []string{older}
			}
		}},
	}
}

// ownMount are the session's two mounts as probe shows them: each has two lines,
// where and what.
var ownMount = []*regexp.Regexp{
	regexp.MustCompile(`^/ /run/tmpshell/shared/tmp .*\n`),
	regexp.MustCompile(`^(\S*/tmpshell/21000/tmp /tmp rw,nosuid,nodev(,noexec)?,relatime\n|/ /tmp rw,nosuid,nodev,relatime\n- tmpfs tmpshell:21000 )`),
}

// addMounts adds them. The kernel copies a namespace in another order than its
// list has.
func addMounts(without, found []string) []string {
	expected := without
	for _, own := range ownMount {
		for i := 0; i+1 < len(found); i += 2 {
			if own.MatchString(found[i] + "\n" + found[i+1]) {
				expected = slices.Concat(expected, found[i:i+2])
				break
			}
		}
	}
	if slices.Equal(slices.Sorted(slices.Values(expected)), slices.Sorted(slices.Values(found))) {
		return found
	}
	return expected
}

// ofGrant are those of Ambient.
func ofGrant(file, granted capset.Set) []effect {
	return []effect{{grant, func(_ startState, f, _ witness.Facts) {
		const noRaise = 0x40 // SECBIT_NO_CAP_AMBIENT_RAISE
		bits, _ := strconv.ParseUint(one(f, "securebits"), 0, 32)
		if bits&noRaise != 0 || !permitted(file, f).Has(granted) {
			return
		}
		for _, name := range []string{"ambient", "inheritable", "permitted", "effective"} {
			put(f, name, set(f, name)|granted)
		}
	}}}
}

// ofNoNewPrivileges are those of NoNewPrivileges.
func ofNoNewPrivileges() []effect {
	return []effect{{noPrivileges, func(_ startState, f, _ witness.Facts) {
		f["no_new_privs"] = []string{"1"}
		f["status NoNewPrivs"] = []string{`\x091`}
	}}}
}

func one(f witness.Facts, key string) string {
	if len(f[key]) == 0 {
		return ""
	}
	return f[key][0]
}

// set reads one of the capability sets, and put changes it.
func set(f witness.Facts, name string) capset.Set {
	n, _ := strconv.ParseUint(one(f, "capabilities, "+name), 16, 64)
	return capset.Set(n)
}

func put(f witness.Facts, name string, s capset.Set) {
	short := map[string]string{"ambient": "Amb", "inheritable": "Inh", "permitted": "Prm", "effective": "Eff"}[name]
	hex := fmt.Sprintf("%016x", uint64(s))
	f["capabilities, "+name] = []string{hex}
	f["status Cap"+short] = []string{`\x09` + hex}
}
