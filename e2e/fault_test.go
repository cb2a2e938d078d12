package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// faultProgram is one run whose system calls are made to fail, one by one.
type faultProgram struct {
	name   string
	policy []string
	// fresh brings about what the program is to find.
	fresh   func(t *testing.T)
	helper  bool   // the program is tmpshell-helper, not the login
	mounted bool   // method mount
	joins   bool   // there is an older session
	only    string // of OnFailure, where both take too long for one view
	account *rig.Account
}

const (
	methodEnv   = "Directory /tmp env"
	methodMount = "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432"

	sessionsList = "/run/tmpshell/sessions/1000"
)

// TestFaultsLogin: the first login of a user, which runs the helper.
func TestFaultsLogin(t *testing.T) {
	runFaults(t, faultProgram{name: "first login, method env", policy: []string{methodEnv}, fresh: removeDirectories})
}

// TestFaultsHelper: the helper, and the login after it.
func TestFaultsHelper(t *testing.T) {
	runFaults(t, faultProgram{name: "tmpshell-helper, method env", policy: []string{methodEnv}, fresh: removeDirectories, helper: true})
}

// TestFaultsMount: a login that mounts.
func TestFaultsMount(t *testing.T) { faultsMount(t, "fallback") }

// TestFaultsMountDeny: the same with OnFailure deny.
func TestFaultsMountDeny(t *testing.T) { faultsMount(t, "deny") }

func faultsMount(t *testing.T, only string) {
	t.Helper()
	runFaults(t, faultProgram{name: "login, method mount, OnFailure " + only, only: only, policy: []string{methodMount}, mounted: true, fresh: func(t *testing.T) {
		removeDirectories(t)
		if err := os.Truncate(sessionsList, 0); err != nil {
			t.Fatal(err)
		}
	}})
}

// TestFaultsMountHelper: the helper that makes what is mounted.
func TestFaultsMountHelper(t *testing.T) {
	runFaults(t, faultProgram{name: "tmpshell-helper, method mount", policy: []string{methodMount}, mounted: true, helper: true, fresh: func(t *testing.T) {
		removeDirectories(t)
		for _, path := range []string{"/var/lib/tmpshell", "/run/tmpshell", "/tmp/.X11-unix"} {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
	}})
}

// TestFaultsJoin: a login that enters the namespace of an older session.
func TestFaultsJoin(t *testing.T) { faultsJoin(t, "fallback") }

// TestFaultsJoinDeny: the same with OnFailure deny.
func TestFaultsJoinDeny(t *testing.T) { faultsJoin(t, "deny") }

func faultsJoin(t *testing.T, only string) {
	t.Helper()
	var list []byte
	runFaults(t, faultProgram{name: "second session, method mount, OnFailure " + only, only: only, policy: []string{methodMount}, mounted: true, joins: true, fresh: func(t *testing.T) {
		removeDirectories(t)
		if list == nil {
			list, _ = os.ReadFile(sessionsList)
		}
		if err := os.WriteFile(sessionsList, list, 0o600); err != nil || len(list) == 0 {
			t.Fatal("no list of sessions: ", err)
		}
	}})
}

func runFaults(t *testing.T, p faultProgram) {
	t.Helper()
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, append([]string{"Shell " + attack.Session}, p.policy...)...)
	attack.Build(t, attack.Session)
	p.account = rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice := p.account
	if r := alice.Login(t, ""); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	if p.joins {
		stay(t, alice)
	}
	login := p.login(t)
	argv := []string{rig.Tmpshell, "-c", "exec " + attack.Session}
	if p.helper {
		argv = []string{rig.Helper}
	}
	mounts := mountTable(t)
	p.fresh(t)
	_, trace := strace(t, alice, nil, argv...)
	calls := parseTrace(trace)
	table := faultTable{name: p.name, calls: len(calls), rows: map[string]*faultRow{}, left: map[string]int{}, share: sample.Of(12)}

	inject := func(i injection, login attack.Login) {
		t.Helper()
		var r rig.Result
		const times = 6
		for try := 1; ; try++ {
			p.fresh(t)
			if r, trace = strace(t, alice, []string{"-e", "trace=" + i.call.name, "-e", i.option(alice)}, argv...); i.happened(r, trace) {
				break
			}
			if i = i.another(try - 1); try == times {
				if table.unreached++; i.call.ours {
					t.Errorf("%v: the call is not made any more", i)
				}
				return
			}
		}
		if i.call.configuration { // what cannot be read is not in force
			login.Deny = false
		}
		kind, why := p.judge(login, r)
		if kind == attack.Killed && i.fault != kill {
			kind, why = attack.Violation, "it died of a signal"
		}
		// Whatever happened, the next login works.
		next := alice.Login(t, "exec "+attack.Session)
		if got, what := login.Judge(next); kind != attack.Violation && (got != attack.Right || next.Stderr != "") {
			kind, why = attack.Violation, "the next login: "+string(got)+" "+what+next.Stderr
		}
		if now := mountTable(t); now != mounts {
			kind, why = attack.Violation, "mounts outside have changed:\n"+now
			mounts = now
		}
		if odd := leftovers(t); odd != "" {
			kind, why = attack.Violation, odd
		}
		if table.add(i.call.name, kind); kind == attack.Violation {
			table.violations++
			t.Errorf("%v: %s", i, why)
		}
	}
	rounds := []bool{false, true}
	switch {
	case p.helper || p.only == "fallback":
		rounds = rounds[:1] // the helper leaves OnFailure to the login
	case p.only == "deny":
		rounds = rounds[1:]
	}
	for _, deny := range rounds {
		round := 0
		if deny {
			round = 1 // other errors than the first time
		}
		policy := append([]string{"Shell " + attack.Session}, p.policy...)
		if deny {
			policy = append(policy, "OnFailure deny")
		}
		rig.Configure(t, policy...)
		login.Deny = deny
		for _, c := range calls[1:] { // the first is the execve(2) that starts it
			faults := c.faults(t, round)
			if len(faults) == 0 && !deny {
				table.left[c.name]++
			}
			if !deny {
				faults = append(faults, injection{c, kill})
			}
			for _, i := range faults {
				table.all++
				if table.share.Has(p.name, i.fault, i.call.name, i.call.nth, deny) {
					inject(i, login)
				}
			}
		}
	}
	view.Tell(table.String())
}

// login is what a right login finds. The shared /tmp is as a process outside
// sees it.
func (p faultProgram) login(t *testing.T) attack.Login {
	t.Helper()
	r := rig.Command{Path: attack.Session, Args: []string{"session"}, Env: os.Environ()}.Run(t)
	outside, ok := attack.Parse(r.Stdout)
	if !ok {
		t.Fatalf("%+v", r)
	}
	l := attack.Login{UID: p.account.UID, Shared: outside.Tmp, Outside: outside.Namespace, Descriptors: outside.Descriptors}
	if p.mounted {
		l.Instance = fmt.Sprintf("/var/lib/tmpshell/%d/tmp", p.account.UID)
	}
	return l
}

// judge is Judge, or for the helper what its exit status says.
func (p faultProgram) judge(l attack.Login, r rig.Result) (attack.Kind, string) {
	switch {
	case !p.helper:
		return l.Judge(r)
	case r.Signal != 0:
		return attack.Killed, ""
	case r.Status == 0 && r.Stdout+r.Stderr == "":
		return attack.Right, ""
	case (r.Status == 1 || r.Status == 2) && r.Stdout == "" && strings.HasPrefix(r.Stderr, "tmpshell-helper: ") && !strings.Contains(r.Stderr, "goroutine"):
		return attack.Reported, ""
	case r.Status == 125 && r.Stdout == "" && strings.HasPrefix(r.Stderr, "tmpshell: no private directory: ") && strings.Count(r.Stderr, "\n") == 1:
		return attack.Reported, "" // the runtime cannot run: package start
	}
	return attack.Violation, fmt.Sprintf("the helper: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
}

// stay starts a session that stays until the test ends.
func stay(t *testing.T, a *rig.Account) {
	t.Helper()
	c := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "sh", "-c", "echo there; exec sleep 1000"}}
	c.OnTerminal(t).Expect("there")
}

func mountTable(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// leftovers are what no run may leave: objects moved aside although nobody has
// squatted anything, and directories in the bases that are not their user's.
func leftovers(t *testing.T) string {
	t.Helper()
	var odd []string
	for _, pattern := range []string{"/tmp/.private*", "/tmp/.private/*", "/run/user/*", "/run/tmpshell/*/*", "/var/lib/tmpshell/*", "/var/lib/tmpshell/*/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			var st unix.Stat_t
			if err := unix.Lstat(name, &st); err != nil {
				t.Fatal(err)
			}
			ours := filepath.Base(name) == "1000" && filepath.Dir(name) != "/var/lib/tmpshell"
			if strings.Contains(name, "squatted") || ours && st.Uid != 1000 || !ours && st.Uid != 0 && !strings.HasPrefix(name, "/tmp/.private-1000") {
				odd = append(odd, fmt.Sprintf("left behind: %s of %d", name, st.Uid))
			}
		}
	}
	return strings.Join(odd, ", ")
}
