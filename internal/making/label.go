package making

import (
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/sys"
)

// What stands for a directory has its SELinux label: by that, and by who makes a file,
// a policy chooses the file's label, and what a confined session may do in there. What a
// label costs to find out is paid where something is made alone.
var (
	labelOf    = sys.Label
	knowsLabel = sys.KnowsLabel
	withLabel  = sys.WithLabel
	setLabel   = sys.SetLabel
)

// like is a Maker whose directories have the label of an open one, whose path is where.
// It is m itself where there are no labels.
func (m *Maker) like(dir int, where string) (*Maker, error) {
	label, err := labelOf(dir)
	if err != nil || label == "" {
		return m, at(err, where)
	}
	known, err := knowsLabel(label)
	if err != nil || !known {
		return m, at(err, where)
	}
	labelled := *m
	labelled.label = label
	return &labelled, nil
}

// mkdirAt makes a directory that has its label from its first moment: where it must not
// have it, there is no directory.
func (m *Maker) mkdirAt(dir int, entry string, mode uint32) error {
	return withLabel(m.label, func() error { return sys.MkdirAt(dir, entry, mode) })
}

// relabel gives a directory the label that it would have today: it is of an earlier
// version, or was restored. Its owner calls. One that may not have it stays as it is,
// since the session may do with it.
func (m *Maker) relabel(fd int, path string) {
	if m.label == "" {
		return
	}
	have, err := labelOf(fd)
	if err != nil || have == m.label {
		return
	}
	if err := setLabel(fd, m.label); err != nil {
		m.notice(path + ": it has the label " + have + ", and " + m.label + " cannot be set: " + err.Error())
	}
}

// relabelInstances does so with all that are root's. A user's own is relabelled by the
// user's own helper.
func (m *Maker) relabelInstances(i instance, shared, store int) error {
	m, err := m.like(shared, i.At)
	if err != nil || m.label == "" {
		return err
	}
	users, err := Users(i.Instance)
	for _, uid := range users {
		where := i.store + "/" + decimal(uid)
		user, t := owned.Open(store, i.store, decimal(uid), owned.Roots(private.StoreMode))
		fd := -1
		if t.OK() {
			fd, t = owned.Open(user, where, i.name, owned.Roots(0o1777))
		}
		if t.OK() {
			m.relabel(fd, where+"/"+i.name)
		}
		sys.Close(fd)
		sys.Close(user)
	}
	return err
}
