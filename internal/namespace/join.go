package namespace

import (
	"errors"
	"hash/fnv"
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/mnt"
	"tmpshell/internal/sys"
)

// tries is how many namespaces are entered to see whether they are right.
const tries = 4

// key says what makes a namespace one that a session may enter: the namespace
// and the root directory that it was made from, and the policy. A session that
// has a fresh tmpfs is alone, and one inside another has only part of it.
func (p Plan) key(before *place, missing []Directory) (string, bool) {
	if len(missing) != len(p.Directories) {
		return "", false
	}
	policy := fnv.New64a()
	word := func(s string) { _, _ = policy.Write([]byte(s + "\x00")) } // it never fails
	for _, d := range p.Directories {
		if d.Fresh {
			return "", false
		}
		for _, s := range []string{d.At, d.Share, d.In.Store, d.In.Run, strconv.Itoa(int(d.Flags))} {
			word(s)
		}
	}
	word(strconv.Itoa(int(p.Propagation)))
	outside, err := mnt.ID(before.namespace)
	if err != nil {
		return "", false
	}
	root, err := sys.MountID(before.root)
	if err != nil {
		return "", false
	}
	return outside + " " + strconv.FormatUint(root, 10) + " " + strconv.FormatUint(policy.Sum64(), 16), true
}

// join enters the namespace of an older session, and tells whether it did. An
// error other than ErrUndone is none: the session gets a namespace of its own.
func (p Plan) join(key string, before *place) (bool, error) {
	list, err := p.Directories[0].OpenSessions(p.UID)
	if err != nil {
		return false, nil
	}
	defer sys.Close(list)
	tried := 0
	records := readList(list)
	for i := len(records) - 1; i >= 0 && tried < tries; i-- {
		if records[i].key != key {
			continue
		}
		ns, err := records[i].open()
		if err != nil {
			continue
		}
		tried++
		err = caps.With(caps.SysAdmin|caps.SysChroot, func() error { return mnt.Join(ns) })
		sys.Close(ns)
		if err != nil {
			continue
		}
		if p.complete(before) {
			addRecord(list, record{unix.Getpid(), records[i].namespace, key})
			return true, nil
		}
		if err := before.restore(); err != nil {
			return false, errors.Join(ErrUndone, err)
		}
	}
	return false, nil
}

// announce puts the namespace that was made on the list.
func (p Plan) announce(key string) {
	list, err := p.Directories[0].OpenSessions(p.UID)
	if err != nil {
		return
	}
	defer sys.Close(list)
	ns, err := mnt.Current()
	if err != nil {
		return
	}
	defer sys.Close(ns)
	if id, err := mnt.ID(ns); err == nil {
		addRecord(list, record{unix.Getpid(), id, key})
	}
}

// complete tells whether a namespace that was entered has everything, as the
// user's instances are now.
func (p Plan) complete(before *place) bool {
	root, err := sys.OpenRoot()
	if err != nil {
		return false
	}
	defer sys.Close(root)
	if !sameFile(root, before.root) {
		return false
	}
	for _, d := range p.Directories {
		if in, err := d.inPlace(p.UID); !in || err != nil {
			return false
		}
	}
	return before.follow(p)
}
