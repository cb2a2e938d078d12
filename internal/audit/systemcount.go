package audit

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// User is who makes something in a shared directory of a machine, how, and how often.
type User struct {
	Place   string `json:"place"`
	Pattern string `json:"pattern"`
	Path    string `json:"path"` // the first one
	Kind    string `json:"kind"` // "gone" if it was gone before it was looked at
	UID     uint32 `json:"uid"`
	Name    string `json:"user,omitempty"` // of the account
	Program string `json:"program"`        // "unknown" if the process was gone
	Count   int    `json:"count"`
	// Predictable: by the looks of the name.
	Predictable bool `json:"predictable"`
}

// SystemResult is what came of watching a machine.
type SystemResult struct {
	Users     []User `json:"users"`
	Events    int    `json:"events"`    // in shared directories
	Elsewhere int    `json:"elsewhere"` // on their file systems, and in private directories
	// Lost is how often the kernel has dropped events: how many is not known.
	Lost      int `json:"lost"`
	Uncounted int `json:"uncounted,omitempty"` // for which there was no room
	// Unwatched are directories that cannot be watched, and why: an overlay has no
	// handles of files.
	Unwatched []string `json:"unwatched,omitempty"`
}

// process is who an event is from.
func (w *SystemWatcher) process(pid int32) process {
	if w.last.pid == pid {
		return w.last.process
	}
	p := w.known.of(target(pid))
	if p.exe == "" {
		executed, ok := w.execs[pid]
		p.exe = cmp.Or(executed.name, unknown)
		if p.uid = nobody; ok {
			p.uid = executed.uid
		}
	}
	w.last = lastProcess{pid, p}
	return p
}

// count adds an object to who has made it.
func (w *SystemWatcher) count(pid int32, place, below string) {
	p := w.process(pid)
	first, _, _ := strings.Cut(below, "/")
	_, random := pattern(first, p, true)
	text, _ := pattern(below, p, true)
	file := path.Join(place, below)
	var st unix.Stat_t
	kind := "gone"
	// Of a process that was gone, the path of its program is not known.
	key := userKey{path.Join(place, text), path.Base(p.exe), p.uid}
	u := w.users[key]
	if u == nil {
		if unix.Lstat(file, &st) == nil {
			kind = kindOfMode(st.Mode)
			if p.uid == nobody {
				key.uid = st.Uid
			}
		}
		if u = w.users[key]; u == nil && len(w.users) >= mostUsers {
			w.Uncounted++
			return
		}
	}
	if u == nil {
		u = &User{Place: place, Pattern: key.pattern, Path: file, Kind: kind, UID: key.uid, Program: p.exe, Predictable: !random}
		w.users[key] = u
	}
	if path.IsAbs(p.exe) {
		u.Program = p.exe
	}
	u.Count++
}
func kindOfMode(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return kindDir
	case unix.S_IFLNK:
		return kindSymlink
	}
	return nodeKind(mode)
}

// Result is what has been seen so far, the most frequent first.
func (w *SystemWatcher) Result() SystemResult {
	r := w.SystemResult
	r.Users = []User{}
	for _, u := range w.users {
		r.Users = append(r.Users, *u)
	}
	slices.SortFunc(r.Users, func(a, b User) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Program, b.Program), cmp.Compare(a.UID, b.UID))
	})
	return r
}
