package launch

import (
	"strings"
	"testing"
)

// What per= names is the user's to set: only what can be the name of a job is one.
func TestJob(t *testing.T) {
	for value, want := range map[string]string{
		"17": "17", "17[3].server": "17[3].server", "": "", "17/": "", "../1001": "", ".17": "", "17 ": "", "17\n": "",
		strings.Repeat("1", 33): "",
	} {
		var l launcher
		l.env.Take(nil)
		set(&l.env, "JOB", value)
		if got, named := l.job("JOB"); got != want || named != (value != "") {
			t.Errorf("JOB=%q is job %q, %v; want %q", value, got, named, want)
		}
		for _, other := range []string{"", "OTHER"} {
			if got, named := l.job(other); got != "" || named {
				t.Errorf("with no such variable, there is job %q, %v", got, named)
			}
		}
	}
}
