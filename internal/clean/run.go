package clean

import (
	"errors"
	"io/fs"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Options say what a run is to do.
type Options struct {
	Where
	// DryRun changes nothing and tells what would be.
	DryRun bool
	// Contained: see errNamespace.
	Contained bool
	// Only and Kinds, if they are not nil, choose among what is found.
	Only  func(uid uint32, shared string) bool
	Kinds []Kind
	// Grace is how long something in an unused directory must not have been
	// touched before it goes; 0: no matter.
	Grace func(uid uint32, shared string) time.Duration
	// MaxAge is after what time files go from a directory that stays; 0: never.
	// An error says that it is not known. Nil: nothing goes.
	MaxAge func(uid uint32, shared string) (time.Duration, error)
	// Shares tells whether a name in an instance leads to what is shared.
	Shares func(uid uint32, shared, name string) bool
	// Counts, if it is not nil, is kept up to date.
	Counts *Counts
	// Now is the time, for tests.
	Now time.Time
}

// Action is what was done to a directory, or would have been.
type Action string

// What can be done.
const (
	Gone   Action = "removed"
	Aged   Action = "aged" // files in it were removed
	Kept   Action = "kept"
	Back   Action = "restored" // its name, which a run before had taken
	Failed Action = "failed"
)

// Result is what came of one directory.
type Result struct {
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	UID    uint32 `json:"uid"`
	Shared string `json:"directory,omitempty"`
	Action Action `json:"action"`
	Why    string `json:"why,omitempty"`
	// Files, Directories and Bytes are what it had, as far as was looked, or
	// what was aged.
	Files       uint64 `json:"files"`
	Directories uint64 `json:"directories"`
	Bytes       uint64 `json:"bytes"`
	// Left are the first of those that could not be removed, and LeftCount
	// all of them. Paths are what would be aged.
	Left      []Left    `json:"left,omitempty"`
	LeftCount int       `json:"left_count,omitempty"`
	Paths     []string  `json:"paths,omitempty"`
	By        []Process `json:"by,omitempty"`
	Mounts    []string  `json:"mounts,omitempty"`
}

// Report is what came of a run.
type Report struct {
	Results []*Result `json:"results"`
	// Oddities have the name of what tmpshell makes, and are not.
	Oddities []Left   `json:"oddities,omitempty"`
	Errors   []string `json:"errors,omitempty"`
}

// run is one.
type run struct {
	Options
	report Report
	procs  *Processes
	places []*place
}

// Run cleans. An error says that nothing was done.
func Run(o Options) (*Report, error) {
	if err := seesAll(o.Contained); err != nil {
		return nil, err
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.Counts == nil {
		o.Counts = &Counts{}
	}
	unlock, err := lock(o)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f := finder{Where: o.Where}
	f.find()
	defer f.close()
	r := &run{Options: o, places: f.places}
	r.report.Oddities = f.oddities
	for _, err := range f.errs {
		r.fault(err)
	}
	units := slices.DeleteFunc(f.units, func(u *unit) bool {
		return o.Only != nil && !o.Only(u.UID, u.Shared) || o.Kinds != nil && !slices.Contains(o.Kinds, u.Kind)
	})
	if err := r.look(); err != nil {
		return nil, err
	}
	var stay []*unit
	take := r.choose(units, &stay)
	if o.DryRun {
		for _, u := range take {
			r.result(u.unit, Gone, "").of(u.Survey)
		}
	} else if err := r.take(take, &stay); err != nil {
		r.fault(err)
	} else if err := r.take(r.holders(units), nil); err != nil {
		r.fault(err)
	}
	r.age(stay)
	return &r.report, nil
}

func (r *run) fault(err error) { r.report.Errors = append(r.report.Errors, err.Error()) }

// look reads /proc.
func (r *run) look() (err error) {
	var interest []fsPath
	for _, p := range r.places {
		if !p.public {
			interest = append(interest, p.at)
		}
	}
	r.procs, err = look(interest)
	return err
}

func (r *run) result(u *unit, a Action, why string) *Result {
	res := &Result{Path: u.path(), Kind: u.Kind, UID: u.UID, Shared: u.Shared, Action: a, Why: why}
	if a == Failed || u.Kind != List && u.Kind != Holder { // which nobody has put anything in
		r.report.Results = append(r.report.Results, res)
	}
	return res
}

func (res *Result) of(s Survey) {
	res.Files, res.Directories, res.Bytes = s.Files, s.Directories, s.Bytes
}

// inUse is rule (k).
func (r *run) inUse(u *unit) (by []Process, mounts []string) {
	by = r.procs.Using(u.UID)
	at := u.at()
	for _, s := range r.procs.shows {
		if s.at.within(at) {
			mounts = append(mounts, s.where)
		}
	}
	return by, mounts
}

// chosen is a unit that may go, and what is in it.
type chosen struct {
	*unit
	Survey
}

// choose tells which units nobody uses, and for long enough.
func (r *run) choose(units []*unit, stay *[]*unit) []chosen {
	var list []chosen
	for _, u := range units {
		if u.Kind == Holder && u.was == "" {
			continue // see holders
		}
		if by, mounts := r.inUse(u); len(by)+len(mounts) > 0 {
			r.used(u, by, mounts)
			*stay = append(*stay, u)
			continue
		}
		s, why := r.grace(u)
		if why != "" {
			r.result(u, Kept, why)
			*stay = append(*stay, u)
			continue
		}
		list = append(list, chosen{u, s})
	}
	return list
}

// used is what becomes of a unit that is in use. One whose name a run before had
// taken, and which was in use nevertheless, gets it back.
func (r *run) used(u *unit, by []Process, mounts []string) {
	a, why := Kept, "in use"
	if u.was != "" && !r.DryRun {
		switch err := u.back(); {
		case err == nil:
			a = Back
		case !errors.Is(err, fs.ErrExist):
			r.fault(err)
		}
	}
	res := r.result(u, a, why)
	res.By, res.Mounts = by, mounts
}

// grace tells why a unit that nobody uses stays for a while.
func (r *run) grace(u *unit) (Survey, string) {
	grace := r.Grace(u.UID, u.Shared)
	if u.was != "" || u.Kind == List || u.Kind == Holder {
		grace = 0
	}
	s := surveyor{}
	if grace != 0 {
		s.cutoff = r.Now.Add(-grace).UnixNano()
		if u.last > s.cutoff {
			return Survey{}, "younger than " + grace.String()
		}
	}
	if u.mode&unix.S_IFMT != unix.S_IFDIR {
		return Survey{Files: 1}, ""
	}
	if grace == 0 && !r.DryRun {
		return Survey{}, "" // nobody asks what is in it
	}
	fd, err := u.open(asDirectory)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return Survey{}, "gone"
		}
		return Survey{}, err.Error()
	}
	defer sys.Close(fd)
	err = asOwner(u.UID, func() error { return overTree(fd, &s) })
	switch {
	case s.Young:
		return s.Survey, "something in it is younger than " + grace.String()
	case err != nil && !errors.Is(err, unix.EACCES): // of one that its owner may not read
		return s.Survey, err.Error()
	}
	return s.Survey, ""
}

// take removes units: rule (l).
func (r *run) take(list []chosen, stay *[]*unit) error {
	if len(list) == 0 {
		return nil
	}
	failed := func(u *unit, err error) {
		if !errors.Is(err, fs.ErrNotExist) {
			r.result(u, Failed, err.Error())
		}
	}
	list = slices.DeleteFunc(list, func(u chosen) bool {
		if !u.canBeMarked() {
			return false
		}
		err := u.mark(true)
		if err != nil {
			failed(u.unit, err)
		}
		return err != nil
	})
	looked := r.look()
	for _, u := range list {
		by, mounts := r.inUse(u.unit)
		if len(by)+len(mounts) > 0 || looked != nil {
			if u.canBeMarked() {
				_ = u.mark(false) // or a login does
			}
			if looked == nil && stay != nil {
				r.used(u.unit, by, mounts)
				*stay = append(*stay, u.unit)
			}
			continue
		}
		if u.canBeMarked() {
			gone, err := u.away()
			if err != nil {
				failed(u.unit, err)
				continue
			}
			if !gone {
				if stay != nil {
					r.result(u.unit, Kept, "in use")
				}
				continue
			}
		}
		r.delete(u)
	}
	return looked
}

// delete removes what nobody can find any more.
func (r *run) delete(u chosen) {
	path := u.path()
	if u.was != "" {
		path = u.place.path + "/" + u.was
	}
	before := [2]uint64{r.Counts.Files.Load(), r.Counts.Directories.Load()}
	left, err := r.remove(u.unit)
	res := r.result(u.unit, Gone, "")
	res.of(u.Survey)
	res.Path = path
	res.Files, res.Directories = r.Counts.Files.Load()-before[0], r.Counts.Directories.Load()-before[1]
	if left.n > 0 || err != nil {
		res.Action, res.Left, res.LeftCount, res.Path = Failed, left.list, left.n, u.path()
		res.Why = "not all of it could be removed"
		if err != nil {
			res.Why = err.Error()
		}
	}
}

// remove empties a unit as its owner, then as the owners of what is left, and
// removes it.
func (r *run) remove(u *unit) (left lefts, err error) {
	if u.mode&unix.S_IFMT == unix.S_IFDIR {
		fd, err := u.open(asDirectory)
		if err != nil {
			return left, err
		}
		defer sys.Close(fd)
		if u.Kind != Holder {
			if left, err = r.empty(u, fd); err != nil || left.n > 0 {
				return left, err
			}
		}
	}
	flags := 0
	if u.mode&unix.S_IFMT == unix.S_IFDIR {
		flags = unix.AT_REMOVEDIR
	}
	e := named(u.name)
	rm := func(dir int) error {
		if errno := unlinkAt(dir, &e, flags); errno != 0 && errno != unix.ENOENT {
			return &fs.PathError{Op: "unlinkat", Path: u.path(), Err: errno}
		}
		return nil
	}
	if u.place.public {
		return left, asOwner(u.UID, func() error { return u.place.with(rm) })
	}
	return left, u.place.with(rm)
}

// empty removes what is in a unit.
func (r *run) empty(u *unit, fd int) (lefts, error) {
	owners := []uint32{u.UID}
	var left lefts
	for n := 0; n < len(owners); n++ {
		rm := &remover{counts: r.Counts, uid: owners[n], top: fd}
		if err := asOwner(rm.uid, rm.empty); err != nil {
			return rm.lefts, err
		}
		left = rm.lefts
		if left.n == 0 {
			break
		}
		// In an instance, which is sticky, the user's programs of other
		// users have files of their own.
		for _, o := range rm.owners {
			if u.owner != u.UID && !slices.Contains(owners, o) {
				owners = append(owners, o)
			}
		}
	}
	return left, nil
}

// holders are the STORE/UID that have become empty.
func (r *run) holders(units []*unit) []chosen {
	var list []chosen
	for _, u := range units {
		if u.Kind != Holder || u.was != "" || len(r.procs.Using(u.UID)) > 0 {
			continue
		}
		fd, err := u.open(asDirectory)
		if err != nil {
			continue
		}
		names, err := sys.DirNamesOf(fd, u.path())
		sys.Close(fd)
		if err == nil && len(names) == 0 {
			list = append(list, chosen{unit: u})
		}
	}
	return list
}
