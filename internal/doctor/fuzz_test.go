package doctor

import (
	"path"
	"slices"
	"strings"
	"testing"
)

// FuzzLines: whatever stands in the files of other programs, it is read without
// a panic; every place is a line of the file, and no finding is about a rule for
// another path.
func FuzzLines(f *testing.F) {
	for _, s := range []string{
		"d /tmp/.private 0711 root root ~10d", "R! /tmp/[", "x\t%T/*\n# c\n\ne /t?p - - - mM:5d",
		"session [a b] pam_env.so x=y", "Subsystem\tsftp = internal-sftp", "0 4 * * * find /tmp -delete; tmpwatch",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list := linesOf("f", text)
		all := strings.Split(text, "\n")
		var rules []rule
		for _, l := range list {
			if l.line < 1 || l.line > len(all) || strings.TrimSpace(all[l.line-1]) != l.text || l.text == "" || l.text[0] == '#' {
				t.Errorf("line %d of %q is %q", l.line, text, l.text)
			}
			if r, ok := parseRule(l); ok {
				if !path.IsAbs(r.path) || path.Clean(r.path) != r.path {
					t.Errorf("rule %q is about %q", l.text, r.path)
				}
				rules = append(rules, r)
			}
			if module, _ := pamModule(l.text); strings.ContainsAny(module, "/ \t") && module != "/" {
				t.Errorf("module of %q is %q", l.text, module)
			}
			if keyword, _ := sshdKeyword(l.text); strings.ContainsAny(keyword, " \t=") {
				t.Errorf("keyword of %q is %q", l.text, keyword)
			}
			if tool := cleaner(l.text, tmp); tool != "" && !strings.Contains(l.text, tool) {
				t.Errorf("tool of %q is %q", l.text, tool)
			}
		}
		turnedOff(list)
		r := &report{}
		r.tmpfilesOf(tmp[0], rules, true)
		made := slices.ContainsFunc(rules, func(r rule) bool { return r.about("/tmp/.private") && !r.removes() })
		if !made && len(r.results) == 0 {
			t.Errorf("%q makes no base, and nothing is found", text)
		}
	})
}
