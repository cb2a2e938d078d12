package config

import (
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, test := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"a", "a", true},
		{"a", "A", false},
		{"*", "", true},
		{"*", "anything at all", true},
		{"?", "", false},
		{"?", "a", true},
		{"?", "ab", false},
		{"??", "\xc3\xa9", true}, // bytes
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*a", "bca", true},
		{"*a", "ab", false},
		{"a*c", "abbbc", true},
		{"a*c", "abbbcd", false},
		{"*ab*ab", "abab", true},
		{"*ab*ab", "ab", false},
		{"*ab*ab", "aabaab", true},
		{"a**b", "ab", true},
		{"a*?b", "ab", false},
		{"a*?b", "axb", true},
		{"***", "", true},
		{"[ab]", "a", false}, // no character classes
		{"[ab]", "[ab]", true},
		{`\*`, "*", false},
		{`\*`, `\x`, true},
		{"a\nb*", "a\nbc", true},
	} {
		if got := glob(test.pattern, test.name); got != test.want {
			t.Errorf("glob(%q, %q) = %v; want %v", test.pattern, test.name, got, test.want)
		}
	}
}

// No pattern may cost a login time.
func TestGlobTime(t *testing.T) {
	name := strings.Repeat("a", 2000)
	for _, pattern := range []string{
		strings.Repeat("a*", 500) + "b",
		strings.Repeat("*a", 500) + "b",
		strings.Repeat("*", 2000) + "b",
		strings.Repeat("*?", 500) + "b",
	} {
		if glob(pattern, name) {
			t.Errorf("glob(%.8q…, a…) = true; want false", pattern)
		}
	}
	// Exponential, these would take longer than the universe is old: then the
	// run's own limit ends it.
}

func TestPatternList(t *testing.T) {
	for _, test := range []struct {
		list, name string
		want       int
	}{
		{"alice", "alice", 1},
		{"alice", "alic", 0},
		{"bob,alice", "alice", 1},
		{"a*", "alice", 1},
		{"!alice", "alice", -1},
		{"!alice", "bob", 0},
		{"*,!alice", "alice", -1},
		{"!alice,*", "alice", -1},
		{"!alice,*", "bob", 1},
		{"!a*,alice", "alice", -1},
	} {
		list, err := parsePatterns(test.list)
		if err != nil {
			t.Errorf("parsePatterns(%q) = %v; want no error", test.list, err)
			continue
		}
		if got := list.match(test.name); got != test.want {
			t.Errorf("match(%q, %q) = %d; want %d", test.list, test.name, got, test.want)
		}
	}
	for _, bad := range []string{"", ",", "a,", ",a", "a,,b", "!", "a,!"} {
		if _, err := parsePatterns(bad); err == nil {
			t.Errorf("parsePatterns(%q) gives no error; want one", bad)
		}
	}
}

func TestUIDs(t *testing.T) {
	for _, test := range []struct {
		list string
		in   []uint32
		out  []uint32
	}{
		{"0", []uint32{0}, []uint32{1, 1<<32 - 2}},
		{"1000", []uint32{1000}, []uint32{999, 1001}},
		{"01000", []uint32{1000}, []uint32{512}},
		{"1000-1999", []uint32{1000, 1500, 1999}, []uint32{999, 2000}},
		{"1000-1000", []uint32{1000}, []uint32{999, 1001}},
		{"1000-", []uint32{1000, 1<<32 - 2}, []uint32{0, 999, 1<<32 - 1}},
		{"4294967294", []uint32{1<<32 - 2}, []uint32{1<<32 - 3}},
		{"1,3-4", []uint32{1, 3, 4}, []uint32{0, 2, 5}},
		{"*", []uint32{0, 1000, 1<<32 - 2}, []uint32{1<<32 - 1}},
		{"*,!0", []uint32{1}, []uint32{0}},
		{"!0,*", []uint32{1}, []uint32{0}},
		{"1000-,!1500-1600", []uint32{1000, 1601}, []uint32{1500, 1600, 1}},
		{"!1000", nil, []uint32{1000, 1001}},
	} {
		list, err := parseUIDs(test.list)
		if err != nil {
			t.Errorf("parseUIDs(%q) = %v; want no error", test.list, err)
			continue
		}
		for _, uid := range test.in {
			if !list.match(uid) {
				t.Errorf("match(%q, %d) = false; want true", test.list, uid)
			}
		}
		for _, uid := range test.out {
			if list.match(uid) {
				t.Errorf("match(%q, %d) = true; want false", test.list, uid)
			}
		}
	}
	for _, bad := range []string{
		"", ",", "1,", "-", "-5", "!", "a", "1000-999", "1-2-3", "1 - 2", "+5", "0x10",
		"4294967295", "4294967296", "1-4294967295", "99999999999999999999", "1.5", "**", "1*",
	} {
		if _, err := parseUIDs(bad); err == nil {
			t.Errorf("parseUIDs(%q) gives no error; want one", bad)
		}
	}
}

// globSlowly is what glob means, in exponential time.
func globSlowly(pattern, name string) bool {
	switch {
	case pattern == "":
		return name == ""
	case pattern[0] == '*':
		return globSlowly(pattern[1:], name) || name != "" && globSlowly(pattern, name[1:])
	}
	return name != "" && (pattern[0] == '?' || pattern[0] == name[0]) && globSlowly(pattern[1:], name[1:])
}

func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{{"", ""}, {"a*b?", "axxbc"}, {"*ab*ab", "aabaab"}, {"**?", "\x00"}, {"*\xff", "\xff"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(name) > 20 || strings.Count(pattern, "*") > 6 || len(pattern) > 20 {
			return
		}
		if got, want := glob(pattern, name), globSlowly(pattern, name); got != want {
			t.Errorf("glob(%q, %q) = %v; want %v", pattern, name, got, want)
		}
	})
}
