package launch

import (
	"tmpshell/internal/bare"
	"tmpshell/internal/private"
)

// job is what the variable of per= says. It only chooses among what root has made of
// the user's own. named: it says something, be it the name of a job or not.
func (l *launcher) job(variable string) (job string, named bool) {
	if variable == "" {
		return "", false
	}
	value, ok := l.env.Get(variable)
	switch job = bare.String(value); {
	case !ok || job == "":
		return "", false
	case !private.IsJob(job):
		return "", true
	}
	return job, true
}

// seeToJobs says for which directories the session names a batch job that has none,
// and has the user's own. OnFailure deny does not bear it.
func (l *launcher) seeToJobs() {
	k := 0
	for i := range l.session.n {
		d := &l.session.list[i]
		if !d.Mounted() {
			continue
		}
		mounted := &mountPlan.Directories[k]
		k++
		if mounted.NoJob {
			l.withoutJob(d, mounted.Instance)
		}
	}
}

func (l *launcher) withoutJob(d *directory, own private.Instance) {
	var why bare.Trouble
	ofJob := own
	if ofJob.Job, _ = l.job(d.Per); ofJob.Job == "" {
		why = bare.Broken(d.Per, "", "names no batch job")
	} else {
		why = bare.Broken(l.pathOf(&ofJob), "", "was not made for this batch job")
	}
	if l.policy.Deny {
		l.verdict = refused
	} else {
		d.path = l.pathOf(&own)
	}
	l.report(d, &why)
}

func (l *launcher) pathOf(i *private.Instance) string {
	to := l.strings.text()
	i.AddPath(&to, l.uid)
	return l.strings.keep(&to)
}
