package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// rule is one line of tmpfiles.d(5).
type rule struct {
	numbered
	kind                         byte // of the modifiers after it, none matters here
	path, mode, user, group, age string
}

// tmpfilesDirs in their order of precedence.
var tmpfilesDirs = []string{"/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d"}

// specifiers are those of tmpfiles.d(5) that lead to directories of this kind, and
// what setup writes for the characters that end a path.
var specifiers = strings.NewReplacer("%T", "/tmp", "%V", "/var/tmp", "%t", "/run", "%S", "/var/lib", "%C", "/var/cache", "%%", "%",
	`\x20`, " ", `\x09`, "\t", `\x22`, `"`, `\x27`, "'", `\x5c`, `\`)

// tmpfilesRules reads what systemd-tmpfiles goes by: of files with one name the
// first, in the order of their names.
func tmpfilesRules() ([]rule, error) {
	byName := make(map[string]string)
	for _, dir := range tmpfilesDirs {
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, f := range files {
			if _, masked := byName[f.Name()]; !masked && strings.HasSuffix(f.Name(), ".conf") {
				byName[f.Name()] = filepath.Join(dir, f.Name())
			}
		}
	}
	var names []string
	for name := range byName {
		names = append(names, name)
	}
	slices.Sort(names)
	var rules []rule
	for _, name := range names {
		list, err := lines(byName[name])
		if errors.Is(err, fs.ErrNotExist) {
			continue // a link that leads nowhere masks, as one to /dev/null does
		}
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			if r, ok := parseRule(l); ok {
				rules = append(rules, r)
			}
		}
	}
	return rules, nil
}

// parseRule reads one line; one that is no rule is systemd-tmpfiles' to
// complain about.
func parseRule(l numbered) (rule, bool) {
	f := strings.Fields(l.text)
	if len(f) < 2 {
		return rule{}, false
	}
	for len(f) < 6 {
		f = append(f, "-")
	}
	r := rule{numbered: l, kind: f[0][0], mode: f[2], user: f[3], group: f[4], age: f[5]}
	r.path = path.Clean(specifiers.Replace(strings.Trim(f[1], `"'`)))
	return r, path.IsAbs(r.path)
}

// ages tells whether a rule removes what is old below its path.
func (r rule) ages() bool {
	return strings.IndexByte("dDevqQC", r.kind) >= 0 && r.age != "-" && r.age != ""
}

// keepsLevel: a '~' leaves the entries right below the path alone.
func (r rule) keepsLevel() bool { return strings.Contains(r.age, "~") }

// makes tells whether a rule creates a directory.
func (r rule) makes() bool { return strings.IndexByte("dDvqQ", r.kind) >= 0 }

// removes tells whether a rule removes what it matches, when it is told to.
func (r rule) removes() bool { return r.kind == 'R' || r.kind == 'r' }

// about tells whether a rule is for this path: by pattern, where its kind takes
// patterns.
func (r rule) about(p string) bool {
	if strings.IndexByte("xXrRe", r.kind) < 0 {
		return r.path == p
	}
	ok, err := path.Match(r.path, p)
	return ok && err == nil
}

// over tells whether a path is below the rule's.
func (r rule) over(p string) bool {
	for dir := path.Dir(p); ; dir = path.Dir(dir) {
		if r.about(dir) {
			return true
		}
		if dir == "/" {
			return false
		}
	}
}
