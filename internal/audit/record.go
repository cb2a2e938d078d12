package audit

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// Object is what one program has made in one way, under one name or under many of
// one pattern.
type Object struct {
	// Path is the first name, and Pattern what all of them have in common.
	Path    string `json:"path"`
	Pattern string `json:"pattern"`
	Kind    string `json:"kind"` // file, directory, socket, FIFO, device, lock, symlink, hard link, rename, unnamed file
	// Place is the directory of everybody's, or the private one, that it is in.
	Place   string `json:"place"`
	Private bool   `json:"private,omitempty"`
	Program string `json:"program"` // the executable
	// Command is the command line of the first one.
	Command []string `json:"command"`
	Count   int      `json:"count"`
	// Predictable: the name looks as if somebody else could guess it.
	Predictable bool `json:"predictable"`
	// Exclusive: it was made only if nothing was there (O_EXCL, or as mkdir(2)
	// does). NoFollow: O_NOFOLLOW.
	Exclusive bool   `json:"exclusive"`
	NoFollow  bool   `json:"nofollow"`
	Mode      string `json:"mode,omitempty"` // after the umask
	// names are some of those that there were.
	names []string
}

// someNames bounds how many names of an object are kept.
const someNames = 16

type objectKey struct {
	pattern, kind, program, command string
	exclusive, noFollow             bool
}

// records are the objects, by what they have in common.
type records struct {
	byKey map[objectKey]*Object
	// locked are patterns of files that were locked.
	locked map[string]bool
	// full: objects of more patterns than are kept, counted alone.
	full int
}

// most bounds the patterns that are kept.
const most = 10000

func newRecords() *records {
	return &records{byKey: map[objectKey]*Object{}, locked: map[string]bool{}}
}

func (r *records) add(o Object, command string) {
	key := objectKey{o.Pattern, o.Kind, o.Program, command, o.Exclusive, o.NoFollow}
	old := r.byKey[key]
	if old == nil {
		if len(r.byKey) >= most {
			r.full++
			return
		}
		old = &o
		r.byKey[key] = old
	}
	old.Count++
	if len(old.names) < someNames && !slices.Contains(old.names, o.Path) {
		old.names = append(old.names, o.Path)
	}
}

// commandPattern is the program and its first argument, which is an interpreter's
// script, without what differs from time to time.
func commandPattern(args []string) string {
	text, _ := pattern(strings.Join(args[:min(len(args), 2)], " "), process{}, false)
	return text
}

// list are the objects in order, those of one kind of name together.
func (r *records) list() []Object {
	var all []Object
	for _, o := range r.byKey {
		if o.Kind == kindFile && (r.locked[o.Pattern] || strings.Contains(strings.ToLower(path.Base(o.Path)), "lock")) {
			o.Kind = kindLock
		}
		all = append(all, *o)
	}
	slices.SortFunc(all, func(a, b Object) int {
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Command, b.Command))
	})
	return merge(all)
}

// merge joins an object whose name does not look random to one of the same program
// whose names do, and differ from it in that part alone.
func merge(all []Object) []Object {
	gone := map[int]bool{}
	for i, random := range all {
		before, after, ok := strings.Cut(random.Pattern, randomMark)
		if !ok {
			continue
		}
		for j, o := range all {
			if i != j && !gone[j] && !strings.Contains(o.Pattern, randomMark) && o.Program == random.Program && o.Kind == random.Kind &&
				o.Exclusive == random.Exclusive && o.Count == 1 && len(o.Path) == len(random.Path) &&
				strings.HasPrefix(o.Path, before) && strings.HasSuffix(o.Path, after) && strings.Count(o.Path, "/") == strings.Count(random.Path, "/") {
				all[i].Count += o.Count
				gone[j] = true
			}
		}
	}
	var kept []Object
	for i, o := range all {
		if !gone[i] {
			kept = append(kept, o)
		}
	}
	return kept
}
