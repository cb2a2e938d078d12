package accounts

import (
	"strings"

	"tmpshell/internal/bare"
)

// NSSwitch is nsswitch.conf(5). It is a variable for the tests alone.
var NSSwitch = "/etc/nsswitch.conf"

// Reach is how far the name service goes for the entries of one database.
type Reach uint8

// The reaches, from the nearest one.
const (
	Files Reach = iota // no further than the files that this package reads
	Local              // to other files of the machine's, too: "not found" is an answer
	Far                // further: "not found" may be said by who could not ask
)

// ReachOf tells how far the name service goes for a database, "passwd" or
// "group", by the nsswitch.conf(5) at a path. Without the file it goes to the
// files: musl knows nothing else, and that is glibc's default, too.
func ReachOf(path, database string) (Reach, bare.Trouble) {
	reach := Files
	t := each(path, func(line string) bool {
		line, _, _ = strings.Cut(line, "#")
		name, sources, found := strings.Cut(trim(line), ":")
		switch {
		case !found || trim(name) != database:
		case lines.Cut:
			reach = Far
		default:
			reach = max(reach, reachOf(sources))
		}
		return true
	})
	if !t.OK() {
		reach = Far
	}
	return reach, t
}

// reachOf is the furthest of a list of services. What is in brackets says when to
// go on to the next one.
func reachOf(list string) Reach {
	reach := Files
	for i := 0; i < len(list); {
		if list[i] == '[' {
			_, rest, _ := strings.Cut(list[i:], "]")
			i = len(list) - len(rest)
			continue
		}
		end := i
		for end < len(list) && strings.IndexByte(" \t\r[", list[end]) < 0 {
			end++
		}
		switch list[i:end] {
		case "", "files":
		case "db":
			reach = max(reach, Local)
		default:
			reach = Far
		}
		i = max(end, i+1)
	}
	return reach
}
