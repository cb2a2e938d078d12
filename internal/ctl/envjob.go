package ctl

import (
	"errors"
	"os"
	"slices"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/owned"
	"tmpshell/internal/private"
	"tmpshell/internal/syslog"
)

// inJob has the variables of method env name the directories that root has made for a
// batch job. Without one in place of /tmp, a private directory could not be had, which
// OnFailure deny does not bear; otherwise without says why. Of others, root makes what
// the prolog says.
func inJob(p config.Policy, uid uint32, job string, environment []string) (env []string, without string, err error) {
	if !private.IsJob(job) {
		return nil, "", notJob(job)
	}
	env = slices.Clone(environment)
	for _, d := range p.Directories {
		if d.Method != config.Env || d.Inherit == "no" {
			continue
		}
		path := making.JobPath(d.Path, uid, job)
		t := owned.Own(path, uid)
		if t.OK() {
			for _, name := range d.Variables {
				env = append(env, name+"="+path) // the last one of a name counts
			}
			continue
		}
		// Where /tmp itself is the job's, as by job_container/tmpfs, there is none in it.
		if own := owned.Own(d.Path, uid); d.Path != config.TmpLine.Path || own.OK() {
			continue
		}
		why := path + " was not made for this batch job"
		if !t.Missing() {
			t.Where = path
			why = t.Err().Error()
		}
		without = "no private directory in " + d.Path + ": " + why
	}
	if without != "" && p.Deny {
		logJob(p, "denied", without)
		return nil, "", errors.New(without)
	}
	return env, without, nil
}

// useOwn says that a session has the user's own directory in place of a job's.
func (e *sessionEnv) useOwn(p config.Policy, without string) {
	for _, d := range p.Directories {
		for _, s := range e.set {
			if d.Path == config.TmpLine.Path && slices.Contains(d.Variables, s.Name) {
				without += "; using " + s.Value
				break
			}
		}
	}
	logJob(p, "fallback", without)
	e.said = append(e.said, without)
}

// logJob is a line as the launcher's are, see DIAGNOSTICS of tmpshell(8).
func logJob(p config.Policy, outcome, text string) {
	if p.Log != config.LogNone {
		syslog.Logger{Program: "tmpshellctl"}.Send(syslog.Warning, outcome+" "+account.System().Words(uint32(os.Getuid())), text)
	}
}
