package audit

import (
	_ "embed"
	"encoding/json"
	"path"
	"slices"
	"strings"
)

//go:embed known.json
var knownText []byte

// Known is an application of which it is known what it has in the shared
// directories, and what moves that.
type Known struct {
	Name string `json:"name"`
	// Programs and Paths are patterns of path.Match: the base names of executables
	// or of what they are called by, and objects or directories above them. No programs: any.
	Programs []string `json:"programs,omitempty"`
	Paths    []string `json:"paths"`
	Makes    string   `json:"makes"`
	// Moves is the variable or option that moves it; empty: there is none.
	Moves string `json:"moves,omitempty"`
	// Line is what tmpshell.conf has to say; Share are entries of share= where it is
	// to be met by others.
	Line     string   `json:"line,omitempty"`
	Share    []string `json:"share,omitempty"`
	Source   string   `json:"source"`
	Verified string   `json:"verified"`
}

// Applications is the table.
func Applications() []Known {
	var list []Known
	if err := json.Unmarshal(knownText, &list); err != nil {
		panic("known.json: " + err.Error()) // a test reads it
	}
	return list
}

// Find looks an object up.
func Find(list []Known, o Object) (Known, bool) {
	for _, k := range list {
		if k.made(o) && k.has(o.Path) {
			return k, true
		}
	}
	return Known{}, false
}

func (k Known) made(o Object) bool {
	names := []string{path.Base(o.Program)}
	if len(o.Command) > 0 {
		first, _, _ := strings.Cut(o.Command[0], ":") // as setproctitle(3) has it
		names = append(names, strings.TrimPrefix(path.Base(first), "-"))
	}
	if len(k.Programs) == 0 {
		return true
	}
	for _, pattern := range k.Programs {
		for _, name := range names {
			if ok, _ := path.Match(pattern, name); ok {
				return true
			}
		}
	}
	return false
}

// has tells whether the path, or a directory above it, is one of the table's. A shared
// directory itself is where files without a name are made.
func (k Known) has(whole string) bool {
	file := whole
	for ; file != "/" && file != "."; file = path.Dir(file) {
		for _, pattern := range k.Paths {
			if ok, _ := path.Match(pattern, file); ok && (file == whole || !slices.Contains(Shared, pattern)) {
				return true
			}
		}
	}
	return false
}
