package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// node is a directory or file on the way that a path leads.
type node struct {
	path string
	st   unix.Stat_t
}

func (n node) isDir() bool { return n.st.Mode&unix.S_IFMT == unix.S_IFDIR }

// maxLinks is what the kernel follows in one path.
const maxLinks = 40

// way lists what decides which file a path names: every directory from the root
// on, those that symbolic links lead through included, and the file itself last.
// With an error, it is the way up to it.
func way(p string) ([]node, error) {
	var list []node
	at, rest, links := "/", strings.Split(p, "/"), 0
	visit := func() error {
		n := node{path: at}
		if err := unix.Lstat(at, &n.st); err != nil {
			return &fs.PathError{Op: "lstat", Path: at, Err: err}
		}
		list = append(list, n)
		return nil
	}
	if err := visit(); err != nil {
		return nil, err
	}
	for len(rest) > 0 {
		component := rest[0]
		rest = rest[1:]
		if component == "" || component == "." {
			continue
		}
		parent := at
		at = path.Join(at, component) // ".." of a directory that is no link
		if err := visit(); err != nil {
			return list, err
		}
		if list[len(list)-1].st.Mode&unix.S_IFMT != unix.S_IFLNK {
			continue
		}
		list = list[:len(list)-1] // what matters is where it stands, and leads
		if links++; links > maxLinks {
			return list, &fs.PathError{Op: "lstat", Path: p, Err: unix.ELOOP}
		}
		target, err := os.Readlink(at)
		if err != nil {
			return list, err
		}
		if at = parent; path.IsAbs(target) {
			at = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
	return list, nil
}

// rootsAlone reports what somebody other than root could change on a way. what
// says why that matters.
func (r *report) rootsAlone(nodes []node, what string, seen map[string]bool) {
	for _, n := range nodes {
		if seen[n.path] {
			continue
		}
		seen[n.path] = true
		if n.st.Uid != 0 {
			r.error(fmt.Sprintf("%s belongs to uid %d, who could exchange %s", n.path, n.st.Uid, what),
				run("chown", "root", n.path))
		}
		if n.st.Mode&0o022 != 0 {
			r.error(fmt.Sprintf("%s has mode %04o: others than root could exchange %s", n.path, n.st.Mode&0o7777, what),
				run("chmod", "go-w", n.path))
		}
	}
}

// directories leaves the file out that a way leads to.
func directories(nodes []node) []node {
	if len(nodes) > 0 && !nodes[len(nodes)-1].isDir() {
		return nodes[:len(nodes)-1]
	}
	return nodes
}
