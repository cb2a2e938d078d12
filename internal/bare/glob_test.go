package bare

import (
	"strings"
	"testing"
	"time"
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
		if got := Glob(test.pattern, test.name); got != test.want {
			t.Errorf("Glob(%q, %q) = %v; want %v", test.pattern, test.name, got, test.want)
		}
	}
}

// No pattern may cost a login time.
func TestGlobTime(t *testing.T) {
	name := strings.Repeat("a", 2000)
	start := time.Now()
	for _, pattern := range []string{
		strings.Repeat("a*", 500) + "b",
		strings.Repeat("*a", 500) + "b",
		strings.Repeat("*", 2000) + "b",
		strings.Repeat("*?", 500) + "b",
	} {
		if Glob(pattern, name) {
			t.Errorf("Glob(%.8q…, a…) = true; want false", pattern)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("pathological patterns took %v; want milliseconds", took)
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
		if got, want := Glob(pattern, name), globSlowly(pattern, name); got != want {
			t.Errorf("Glob(%q, %q) = %v; want %v", pattern, name, got, want)
		}
	})
}
