package clean

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Fresh is the kind of a tmpfs that one session has: it is no directory that a run
// finds, but a mount in the session's namespace.
const Fresh Kind = "tmpfs"

// Question is what an inventory is to tell.
type Question struct {
	Where
	// Contained: see errNamespace.
	Contained bool
	// Only, if it is not nil, chooses among the users.
	Only func(uid uint32) bool
	// Names: nothing is opened, and no process is looked at.
	Names bool
	// Entries bounds how many names are looked at in one directory, and Time how
	// long is spent on all of them; 0: as many and as long as there are.
	Entries uint64
	Time    time.Duration
	// Patience: see Options.
	Patience time.Duration
}

// Item is a directory, and how it is used.
type Item struct {
	Path   string
	Kind   Kind
	UID    uint32
	Shared string // that it stands for
	Owner  uint32
	Mode   uint32 // permissions
	// Leftover: a run before has taken its name. Withdrawn: because its user had no
	// account.
	Leftover, Withdrawn bool
	// Survey is what is in it, as far as was looked; Partly: there is more.
	Survey
	Partly bool
	// Wrong is why not all of it could be looked at, besides the bounds.
	Wrong error
	// By are the processes of the user, whatever they do there; Namespaces are
	// those of mounts that show it, or that the processes are in.
	By         []Process
	Namespaces int
}

// Sessions counts those of setsid(2) that the processes are of.
func (i *Item) Sessions() int {
	seen := make(map[int]bool)
	for _, p := range i.By {
		seen[p.Session] = true
	}
	return len(seen)
}

// Inventory is all that there is.
type Inventory struct {
	Items    []*Item
	Oddities []Left
	Errors   []string
	// Unseen says why it is not known which processes there are: By and
	// Namespaces are empty then.
	Unseen error
}

// Take looks at everything and changes nothing.
func (q Question) Take() *Inventory {
	var inv Inventory
	f := finder{Where: q.Where}
	f.find()
	defer f.close()
	inv.Oddities = f.oddities
	for _, err := range f.errs {
		inv.Errors = append(inv.Errors, err.Error())
	}
	r := run{places: f.places, procs: &Processes{}, guard: newGuard(q.Patience)}
	defer r.guard.end()
	if inv.Unseen = seesAll(q.Contained); inv.Unseen == nil && !q.Names {
		if err := r.look(); err != nil {
			inv.Unseen, r.procs = err, &Processes{}
		}
	}
	until := time.Now().Add(q.Time)
	for _, u := range f.units {
		if u.Kind == Holder || u.Kind == List || q.Only != nil && !q.Only(u.UID) {
			continue
		}
		began := time.Now()
		i := q.item(&r, u, !q.Names && (q.Time == 0 || began.Before(until)))
		if errors.Is(i.Wrong, fs.ErrNotExist) {
			continue // it has gone
		}
		if errors.Is(i.Wrong, ErrStuck) {
			until = until.Add(time.Since(began)) // which is nobody else's fault
		}
		inv.Items = append(inv.Items, i)
		if i.Wrong != nil {
			inv.Errors = append(inv.Errors, i.Wrong.Error())
		}
	}
	inv.Items = append(inv.Items, q.fresh(r.procs)...)
	return &inv
}

// item is one of them. enter: there is time to look into it.
func (q Question) item(r *run, u *unit, enter bool) *Item {
	i := &Item{Path: u.path(), Kind: u.Kind, UID: u.UID, Shared: u.Shared, Owner: u.owner, Mode: u.mode & 0o7777 &^ marked, Leftover: u.was != "", Withdrawn: u.isOrphaned()}
	by, _ := r.inUse(u)
	i.By = by
	namespaces := make(map[int]bool) // by a process that is in them
	for _, s := range r.procs.shows {
		if s.at.within(u.at()) && !s.covers {
			namespaces[s.pid] = true
		}
	}
	i.Namespaces = max(len(namespaces), distinct(by))
	s := surveyor{limit: q.Entries}
	s.Newest = u.last
	if u.mode&unix.S_IFMT == unix.S_IFDIR && enter {
		i.Wrong = s.over(r.guard, u)
	}
	i.Survey = s.Survey
	i.Partly = !enter || i.Wrong != nil || s.Hidden || q.Entries != 0 && s.Files+s.Directories >= q.Entries
	return i
}

func distinct(by []Process) int {
	seen := make(map[string]bool)
	for _, p := range by {
		seen[p.Namespace] = true
	}
	return len(seen)
}

// fresh are the sessions with a tmpfs of their own, taken together by user and
// directory. What is in them is not looked at: only they can.
func (q Question) fresh(p *Processes) (list []*Item) {
	for _, f := range p.fresh {
		if q.Only != nil && !q.Only(f.uid) || !slices.Contains(q.Shared, f.point) || len(p.Of[f.uid]) == 0 {
			continue
		}
		at := slices.IndexFunc(list, func(i *Item) bool { return i.UID == f.uid && i.Path == f.point })
		if at < 0 {
			at = len(list)
			list = append(list, &Item{Path: f.point, Kind: Fresh, UID: f.uid, Shared: f.point, Owner: f.uid, Partly: true, By: p.Of[f.uid]})
		}
		list[at].Namespaces++
	}
	return list
}
