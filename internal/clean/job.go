package clean

import "slices"

// RunJob removes the directories of one batch job, in every base and store, whoever is
// in them: what has started the job says that it is over.
func RunJob(o Options, job string) *Report {
	if o.Counts == nil {
		o.Counts = &Counts{}
	}
	f := finder{Where: o.Where, job: job}
	for _, shared := range o.Shared {
		f.inBase(shared)
	}
	for _, store := range o.Stores {
		f.inStore(store)
	}
	defer f.close()
	r := &run{Options: o, guard: newGuard(o.Patience)}
	defer r.guard.end()
	for _, err := range f.errs {
		r.fault(err)
	}
	var holders []*unit
	for _, u := range f.units {
		switch {
		case u.job != job:
		case u.Kind == Holder:
			holders = append(holders, u)
		default:
			r.endJob(u)
		}
	}
	for _, u := range holders {
		kept := slices.ContainsFunc(r.report.Results, func(res *Result) bool { return res.Action == Failed && res.UID == u.UID })
		if !kept && !r.DryRun {
			r.delete(chosen{unit: u})
		}
	}
	return &r.report
}

// takeJob gives the name of a job's directory away, when it is this run's turn.
func (r *run) takeJob(u *unit) (bool, error) {
	end, err := turn()
	if err != nil {
		return false, err
	}
	defer end()
	if err := u.mark(r.guard, true); err != nil {
		return false, err
	}
	return u.away(Removed)
}

// endJob takes the name away in one step, so that nobody finds half of it.
func (r *run) endJob(u *unit) {
	if r.DryRun {
		s := surveyor{}
		if err := s.over(r.guard, u); err != nil {
			r.result(u, Failed, err.Error())
			return
		}
		r.result(u, Gone, "").of(s.Survey)
		return
	}
	if u.was == "" {
		gone, err := r.takeJob(u)
		if err != nil {
			r.result(u, Failed, err.Error())
		}
		if !gone {
			return // or another run has taken it
		}
	}
	r.delete(chosen{unit: u})
}
