package audit

import (
	"slices"
	"strings"
)

// Verdict is what an audit advises.
type Verdict struct {
	// Method is one of tmpshell.conf(5), for /tmp.
	Method string `json:"method"`
	Why    string `json:"why"`
	// Lines are lines of tmpshell.conf.
	Lines []string `json:"lines"`
}

// Judge advises by what a program has made although its variables named another
// place.
func Judge(objects []Object) Verdict {
	table := Applications()
	v := Verdict{Method: "env", Lines: []string{}}
	var share, mounted, moved, names []string
	for _, o := range objects {
		if o.Private {
			continue
		}
		known, found := Find(table, o)
		switch {
		case found && strings.HasPrefix(known.Line, "SetEnv "):
			moved = add(moved, known.Line)
			names = add(names, known.Name)
			continue
		case found:
			for _, s := range known.Share {
				share = add(share, s)
			}
		}
		mounted = add(mounted, o.Place)
	}
	v.Lines = append(v.Lines, moved...)
	for _, place := range mounted {
		v.Lines = append(v.Lines, directoryLine(place, share))
	}
	switch {
	case slices.Contains(mounted, "/tmp"):
		v.Method = "mount"
		v.Why = "it makes files in /tmp whatever its variables say"
	case len(mounted) > 0:
		v.Why = "/tmp is left alone, " + strings.Join(mounted, " and ") + " is not"
	case len(moved) > 0:
		v.Why = "a variable moves all that it makes (" + strings.Join(names, ", ") + ")"
	default:
		v.Why = "nothing was made in a shared directory"
	}
	return v
}

// directoryLine gives sessions a directory of their own. Shared memory belongs to
// memory.
func directoryLine(place string, share []string) string {
	switch {
	case place == "/dev/shm":
		return "Directory /dev/shm tmpfs"
	case place == "/tmp" && len(share) > 0:
		return "Directory /tmp mount share=" + strings.Join(share, ",")
	}
	return "Directory " + place + " mount"
}

func add(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
