package e2e

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/witness"
)

// startState is what a caller may leave behind for the program it starts.
type startState struct {
	name  string
	argv0 string // tmpshell's; "" is "tmpshell"
	args  []string
	env   []string // after the account's own
	bare  bool     // in place of the account's own
	steps []string // of stage; "user" is where root becomes the account, else the end
	// shows are facts that the program itself sees when it is started
	// directly: the proof that the state came about.
	shows []string
	// only names the one account that can be in this state.
	only string
	// shellOnly: about argument zero of a shell, which --exec does not have.
	shellOnly bool
	// optional: not every kernel and machine can bring it about.
	optional bool
	always   bool // whatever the seed is: a way has failed in it
	// noHelper: the helper cannot work, so that a session without a directory
	// gets the one that is made without privilege.
	noHelper bool
	// elsewhere: the mount namespace of an older session cannot be entered from
	// here.
	elsewhere bool
	// noRuntime: the effective user may not look into the directory, so that no
	// runtime directory in it is named.
	noRuntime bool
	// noProcess: the launcher cannot have anything made, and has no session for a
	// first login: see TestHardLimitsFirst.
	noProcess bool
	// unconfigured: for the ways of TestStarts alone.
	unconfigured bool
	// unequal has the facts that cannot be equal in this state: see
	// TestWhatDiffers.
	unequal map[string]string
}

const (
	emptyArgv0 = "\x00empty"
	noArgv     = "\x00none"
)

// startStates is every state, by topic.
var startStates = slices.Concat(
	argumentStates, environmentStates, descriptorStates, directoryStates, signalStates,
	relationStates, terminalStates, limitStates, schedulingStates, identityStates, attributeStates,
)

// direct is the start without tmpshell, through the one with it.
func (w startWay) direct(s startState) witness.Start {
	start := witness.Start{Path: witness.Probe, Steps: w.steps(s), Env: w.env(s)}
	start.Argv = append([]string{s.shellArgv0()}, s.args...)
	if w.exec {
		start.Argv[0] = witness.Probe
	}
	return start
}

func (w startWay) through(s startState) witness.Start {
	start := w.direct(s)
	start.Path = rig.Tmpshell
	switch {
	case w.exec:
		start.Argv = append([]string{"tmpshell", "--exec"}, start.Argv...)
	case s.argv0 == noArgv:
		start.Argv = nil
	case s.argv0 == emptyArgv0:
		start.Argv[0] = ""
	case s.argv0 == "":
		start.Argv[0] = "tmpshell"
	default:
		start.Argv[0] = s.argv0
	}
	return start
}

// shellArgv0 is the real shell's argument zero according to tmpshell(8): the
// form that tmpshell was called with, around the shell's own name.
func (s startState) shellArgv0() string {
	name := "probe"
	if strings.Contains(s.argv0, "/") {
		name = witness.Probe
	}
	if strings.HasPrefix(s.argv0, "-") {
		name = "-" + name
	}
	return name
}

func (w startWay) env(s startState) []string {
	if s.bare {
		return s.env
	}
	return append(w.account.Env(), s.env...)
}

// steps turns "user" into the steps that make root the account.
func (w startWay) steps(s startState) []string {
	become := []string{
		fmt.Sprintf("groups=%d:3", w.account.GID+10),
		fmt.Sprintf("gids=%[1]d:%[1]d:%[1]d", w.account.GID),
		fmt.Sprintf("uids=%[1]d:%[1]d:%[1]d", w.account.UID),
	}
	i := slices.Index(s.steps, "user")
	if slices.ContainsFunc(s.steps, func(step string) bool { return strings.HasPrefix(step, "uids=") }) {
		return s.steps
	}
	if i < 0 {
		return append(slices.Clone(s.steps), become...)
	}
	return slices.Concat(s.steps[:i], become, s.steps[i+1:])
}

// possible: can this state be that of a process started in this way?
func (w startWay) possible(s startState) bool {
	if s.noProcess && w.fresh {
		return false
	}
	return (s.only == "" || s.only == w.account.Name) && !(w.exec && s.shellOnly) && !(w.configured != nil && s.unconfigured)
}

// infinity as stage has it.
func limit(resource int, soft, hard uint64) string {
	text := func(n uint64) string {
		if n == unix.RLIM_INFINITY {
			return "inf"
		}
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("limit=%d:%s:%s", resource, text(soft), text(hard))
}

func limitLine(resource int, soft, hard uint64) string {
	return fmt.Sprintf("limit %d: %d:%d", resource, int64(soft), int64(hard))
}
