package ctl

import (
	"bufio"
	"fmt"
	"time"

	"tmpshell/internal/clean"
)

// metric is one family of the text format of Prometheus, all of them gauges: what
// there is now.
type metric struct {
	name, help string
	of         func(d statusDirectory) (n float64, counts bool)
	inside     bool // a tmpfs cannot be looked into
}

func one(yes bool) (float64, bool) { return 1, yes }

var metrics = []metric{
	{"directories", "Private directories that there are.", func(statusDirectory) (float64, bool) { return one(true) }, false},
	{"bytes", "Space on disk that they take, as far as was looked.", func(d statusDirectory) (float64, bool) { return float64(d.Bytes), true }, true},
	{"inodes", "Files and directories in them, themselves included, as far as was looked.", func(d statusDirectory) (float64, bool) { return float64(d.Inodes), true }, true},
	{"partly_seen_directories", "Those of which bytes and inodes are a part.", func(d statusDirectory) (float64, bool) { return one(!d.Complete) }, true},
	{"used_directories", "Those whose user has processes, or that a mount namespace shows.", func(d statusDirectory) (float64, bool) { return one(len(d.Processes)+*d.Namespaces > 0) }, false},
	{"orphaned_directories", "Those of users whose account is certainly gone.", func(d statusDirectory) (float64, bool) { return one(d.Account == "gone") }, false},
	{"exposed_directories", "Those that others may enter.", func(d statusDirectory) (float64, bool) { return one(!d.Private) }, false},
}

// methods are the values of the label, each of which is always there: a series that
// comes and goes has no zero.
var methods = []clean.Kind{clean.Env, clean.Job, clean.Instance, clean.Fresh, clean.Fallback, clean.Squatted}

// statusMetrics prints for the textfile collector of node_exporter. What is not
// known is left out, and not 0: without past, that is what came of sessions.
func (o *output) statusMetrics(r *statusReport, past *logged, took time.Duration) error {
	w := bufio.NewWriter(o.w)
	family := func(name, help string) {
		fmt.Fprintf(w, "# HELP tmpshell_%s %s\n# TYPE tmpshell_%s gauge\n", name, help, name)
	}
	for _, m := range metrics {
		if m.name == "used_directories" && !r.ProcessesKnown || m.name == "orphaned_directories" && !r.AccountsKnown {
			continue
		}
		family(m.name, m.help)
		for _, method := range methods {
			if m.inside && method == clean.Fresh {
				continue
			}
			sum := 0.0
			for _, d := range r.Directories {
				if n, counts := m.of(d); counts && d.Method == method {
					sum += n
				}
			}
			fmt.Fprintf(w, "tmpshell_%s{method=%q} %g\n", m.name, string(method), sum)
		}
	}
	users, active := map[uint32]bool{}, map[uint32]bool{}
	for _, d := range r.Directories {
		users[d.UID] = true
		if len(d.Processes) > 0 {
			active[d.UID] = true
		}
	}
	single := func(name, help string, value float64) {
		family(name, help)
		fmt.Fprintf(w, "tmpshell_%s %g\n", name, value)
	}
	single("users", "Users who have a private directory.", float64(len(users)))
	if r.ProcessesKnown {
		single("active_users", "Those of them who have a process.", float64(len(active)))
	}
	if past != nil {
		family("logged_sessions", "Sessions of the last 24 hours that the journal has a line of, by what came of them.")
		fmt.Fprintf(w, "tmpshell_logged_sessions{outcome=\"denied\"} %d\ntmpshell_logged_sessions{outcome=\"fallback\"} %d\n", past.denied, past.fallback)
		single("logged_sessions_window_seconds", "How far back the journal goes, 24 hours at most.", past.reach.Seconds())
	}
	single("oddities", "Names of tmpshell's that something else has.", float64(len(r.Oddities)))
	single("status_errors", "What tmpshellctl status could not find out.", float64(len(r.Errors)))
	single("status_duration_seconds", "How long it took to look.", took.Seconds())
	return w.Flush()
}
