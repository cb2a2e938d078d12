package clean

import (
	"slices"
	"time"
)

// Options say what a run is to do.
type Options struct {
	Where
	// DryRun changes nothing and tells what would be.
	DryRun bool
	// Contained: see errNamespace.
	Contained bool
	// Except are processes that do not count.
	Except []int
	// Unlocked: other runs may be going on, see turn.
	Unlocked bool
	// Only and Kinds, if they are not nil, choose among what is found. What is of a
	// batch job is of kind Job, too, and has to be of both.
	Only  func(uid uint32, shared string) bool
	Kinds []Kind
	// Grace is how long something in an unused directory must not have been
	// touched before it goes; 0: no matter.
	Grace func(uid uint32, shared string) time.Duration
	// Orphans, if it is not nil, looks after those whose account is gone.
	Orphans *Orphans
	// MaxAge is after what time files go from a directory that stays; 0: never.
	// An error says that it is not known. Nil: nothing goes.
	MaxAge func(uid uint32, shared string) (time.Duration, error)
	// Shares tells whether a name in an instance leads to what is shared.
	Shares func(uid uint32, shared, name string) bool
	// Works, if it is not nil, is called each time before a directory is looked into.
	Works func()
	// Brief: what is kept because it is young is counted in the report and not listed.
	Brief bool
	// Counts, if it is not nil, is kept up to date.
	Counts *Counts
	// Patience is for how long a thread may wait in one call of the kernel's on what is
	// a user's; 0: for five minutes. See ErrStuck.
	Patience time.Duration
	// Now is the time, for tests.
	Now time.Time
}

// run is one.
type run struct {
	Options
	report Report
	procs  *Processes
	guard  *guard
	places []*place
	// See younger.
	youngerThan time.Duration
	youngerText string
	// unlisted is the last one that the report leaves out: thousands are not allocated.
	unlisted Result
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
	r := &run{Options: o, places: f.places, guard: newGuard(o.Patience)}
	defer r.guard.end()
	r.report.Oddities = f.oddities
	for _, err := range f.errs {
		r.fault(err)
	}
	units := slices.DeleteFunc(f.units, r.skips)
	if err := r.look(); err != nil {
		return nil, err
	}
	stay := make([]*unit, 0, len(units))
	take := r.choose(units, &stay)
	if o.DryRun {
		// choose has told of them
	} else if err := r.take(take, &stay); err != nil {
		r.fault(err)
	} else if err := r.take(r.holders(units, take[:0]), nil); err != nil {
		r.fault(err)
	}
	r.age(stay)
	return &r.report, nil
}

func (r *run) fault(err error) { r.report.Errors = append(r.report.Errors, err.Error()) }

// skips tells whether a unit is none of those that were chosen.
func (r *run) skips(u *unit) bool {
	return r.Only != nil && !r.Only(u.UID, u.Shared) || r.Kinds != nil && !(slices.Contains(r.Kinds, u.Kind) && (u.job == "" || slices.Contains(r.Kinds, Job)))
}

func (r *run) works() {
	if r.Works != nil {
		r.Works()
	}
}

// look reads /proc.
func (r *run) look() (err error) {
	var interest []fsPath
	for _, p := range r.places {
		if !p.public {
			interest = append(interest, p.at)
		}
	}
	r.procs, err = look(interest, r.Except)
	return err
}

func (r *run) result(u *unit, a Action, why string) *Result {
	switch {
	case r.Brief && a == Kept && why == r.youngerText && why != "":
		r.report.Young++
	case a != Failed && (u.Kind == List || u.Kind == Holder): // which nobody has put anything in
	default:
		res := &Result{Path: u.path(), Kind: u.Kind, UID: u.UID, Shared: u.Shared, Action: a, Why: why}
		r.report.Results = append(r.report.Results, res)
		return res
	}
	r.unlisted = Result{}
	return &r.unlisted
}

func (res *Result) of(s Survey) {
	res.Files, res.Directories, res.Bytes = s.Files, s.Directories, s.Bytes
}
