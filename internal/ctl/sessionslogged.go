package ctl

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tmpshell/internal/build"
	"tmpshell/internal/config"
)

// The launcher keeps no count: what came of a session is the first word of its line
// in the system log. Where that is systemd's journal, the lines of the last day can be
// counted. A counter since the boot would go back each time that the journal removes
// old lines, and Prometheus would take what is left for new ones.
const (
	loggedDay = 24 * time.Hour
	// oneSession is within what time lines of one process are of one session: it has
	// one for each directory, and process IDs are used again.
	oneSession = time.Minute
)

// Variables for the tests alone. Where journald has the system log, one leads to the other.
var (
	logSocket     = build.SyslogSocket
	journalSocket = "/run/systemd/journal/dev-log"
)

// logged is what the journal says of sessions.
type logged struct {
	fallback, denied int
	reach            time.Duration // how far back the journal goes, loggedDay at most
}

// sessionsLogged counts them, of the users that only has: nil is all. No result and no
// error: nobody can know, as the log is not journald's, or some sessions write none.
func sessionsLogged(conf *config.Config, only func(uid uint32) bool, now time.Time) (*logged, error) {
	if to, err := filepath.EvalSymlinks(logSocket); err != nil || to != journalSocket {
		return nil, nil
	}
	silent := func(p config.Policy) bool { return p.Log == config.LogNone }
	if conf == nil || slices.ContainsFunc(conf.Variants(), silent) {
		return nil, nil
	}
	since := now.Add(-loggedDay)
	var found logged
	begin := time.Time{}
	err := readJournal(since, nil, func(e entry) bool { begin = e.at(); return false })
	if err != nil || begin.IsZero() { // journald may keep nothing, and only hand on
		return nil, err
	}
	found.reach = min(loggedDay, max(0, now.Sub(begin)))
	c := sessionCounter{into: &found, only: only, open: make(map[string]lines)}
	if err := readJournal(since, []string{"SYSLOG_IDENTIFIER=tmpshell"}, func(e entry) bool { c.count(e); return true }); err != nil {
		return nil, err
	}
	return &found, nil
}

// sessionCounter makes sessions of lines.
type sessionCounter struct {
	into *logged
	only func(uid uint32) bool
	open map[string]lines // by boot and process
}

// lines are those so far of a session that may have more.
type lines struct {
	last   time.Time
	denied bool
}

// count takes a line. Anybody can write one: it counts only if the kernel says that
// its writer is the user whom it names. (_EXE would not do: by the time that journald
// looks, the process may be the shell.)
func (c *sessionCounter) count(e entry) {
	outcome, rest, _ := strings.Cut(e.text("MESSAGE"), " uid=")
	denied := outcome == "denied"
	if !denied && outcome != "fallback" {
		return
	}
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	uid, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || digits != e.text("_UID") || c.only != nil && !c.only(uint32(uid)) {
		return
	}
	at, process := e.at(), e.text("_BOOT_ID")+" "+e.text("_PID")
	before, more := c.open[process]
	more = more && at.Sub(before.last) < oneSession
	switch { // the worst of its lines is what came of it
	case !more && denied:
		c.into.denied++
	case !more:
		c.into.fallback++
	case denied && !before.denied:
		c.into.fallback--
		c.into.denied++
	}
	c.open[process] = lines{at, denied || more && before.denied}
	if len(c.open) > 10000 {
		maps.DeleteFunc(c.open, func(_ string, l lines) bool { return at.Sub(l.last) >= oneSession })
	}
}
