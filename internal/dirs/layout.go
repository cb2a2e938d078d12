// Package dirs makes and verifies private directories.
//
// Its rules, which tests cite by their letters:
//
//	(a) every component of a path is opened from the descriptor of the one
//	    before it, without following symbolic links; what is checked is what
//	    is used;
//	(b) a parent MUST be root's, and sticky where others can write to it: else
//	    any check is worth nothing a moment later;
//	(c) a base MUST be a directory, root:root, and of exactly its mode;
//	(d) a user's directory MUST be a directory, the user's, and 0700;
//	(e) what is not so is never used and never removed: a squatter's object is
//	    moved aside, in one step, by rename;
//	(f) privilege MUST NOT touch anything but names inside a parent that (b)
//	    holds for, and MUST NOT give the user anything that existed before.
package dirs

import (
	"strconv"

	"tmpshell/internal/config"
)

// Spec is one kind of private directory: Parent/Base/UID.
type Spec struct {
	Parent string
	Base   string
	// Mode of the base.
	Mode uint32
	// Guarded bases are in a directory that everybody can write to: they
	// get the append-only flag, and a squatted one is replaced.
	Guarded bool
}

// Private is the directory for method env on a path.
func Private(path string) Spec {
	return Spec{Parent: path, Base: ".private", Mode: 0o711, Guarded: true}
}

// Runtime is the directory for XDG_RUNTIME_DIR, where systemd-logind has it.
var Runtime = Spec{Parent: "/run", Base: "user", Mode: 0o755}

// Path returns the private directory of a uid.
func (s Spec) Path(uid uint32) string {
	return s.BasePath() + "/" + name(uid)
}

// Verify tells whether the directory of a uid is as it must be: see Verify.
func (s Spec) Verify(uid uint32) error { return Verify(s, uid) }

// BasePath returns the directory that all users' private directories are in.
func (s Spec) BasePath() string { return s.Parent + "/" + s.Base }

func name(uid uint32) string { return strconv.FormatUint(uint64(uid), 10) }

// Specs lists the directories that a policy asks for, those that are mounted
// left out: see Instances.
func Specs(p config.Policy) []Spec {
	list := make([]Spec, 0, len(p.Directories)+1)
	for _, d := range p.Directories {
		if d.Method == config.Env {
			list = append(list, Private(d.Path))
		}
	}
	if p.RuntimeDirectory {
		list = append(list, Runtime)
	}
	return list
}

// Fallbacks lists the directories that stand in where nothing can be mounted.
func Fallbacks(p config.Policy) []Spec {
	var list []Spec
	for _, d := range p.Directories {
		if d.Mounted() {
			list = append(list, Private(d.Path))
		}
	}
	return list
}
