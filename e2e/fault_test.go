package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/fault"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// demand is what a configuration demands of a session, beside its directories.
type demand struct {
	name                    string
	lines                   []string
	deny, restricted, shell bool
}

var (
	demandNothing  = demand{name: "nothing"}
	demandShell    = demand{name: "Shell", lines: []string{"Shell " + attack.Session}, shell: true}
	demandNoPrivs  = demand{name: "NoNewPrivileges", lines: []string{"NoNewPrivileges yes"}, restricted: true}
	demandDeny     = demand{name: "deny", lines: []string{"OnFailure deny"}, deny: true}
	demandAll      = demand{name: "all", lines: []string{"OnFailure deny", "NoNewPrivileges yes", "Shell " + attack.Session}, deny: true, restricted: true, shell: true}
	demandedOfEnv  = []demand{demandNothing, demandShell, demandNoPrivs, demandDeny}
	demandedOfBoth = []demand{demandNothing, demandAll}
)

// faultProgram is one run whose system calls are made to fail, one by one.
type faultProgram struct {
	name    string
	policy  string
	demands []demand
	// fresh brings about what the program is to find.
	fresh   func(t *testing.T)
	helper  bool // the program is tmpshell-helper, not the login
	helps   bool // the login runs the helper
	mounted bool // method mount, which is a demand, too
	joins   bool // there is an older session
	shared  bool // mounts travel to the machine
	account *rig.Account
}

const (
	methodEnv   = "Directory /tmp env"
	methodMount = "Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432"

	sessionsList = "/run/tmpshell/sessions/1000"
)

// TestFaultsLogin: the first login of a user, which runs the helper.
func TestFaultsLogin(t *testing.T) {
	runFaults(t, faultProgram{name: "first login, method env", policy: methodEnv, demands: demandedOfEnv, fresh: removeDirectories, helps: true})
}

// TestFaultsUsual: the usual login, where all is there.
func TestFaultsUsual(t *testing.T) {
	runFaults(t, faultProgram{name: "usual login, method env", policy: methodEnv, demands: demandedOfEnv, fresh: func(*testing.T) {}})
}

// TestFaultsSupervised: one that has tmpshell-supervise stay. What that starts at
// the end leaves the directories where they are.
func TestFaultsSupervised(t *testing.T) {
	stays := false
	runFaults(t, faultProgram{name: "usual login, Supervise yes", policy: methodEnv + "\nSupervise yes", demands: demandedOfBoth, fresh: func(t *testing.T) {
		if !stays {
			stays = true
			awaitGone(t, "/tmp/.private/1000")
			rig.Must(t, "cp", "--remove-destination", "/bin/true", rig.Remover)
			rig.Must(t, "setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", rig.Tmpshell, "-c", ":")
		}
	}})
}

// TestFaultsStale: a login after the configuration has changed, whose policy the
// helper has to compile.
func TestFaultsStale(t *testing.T) {
	runFaults(t, faultProgram{name: "login with a stale policy", policy: methodEnv, demands: demandedOfBoth, helps: true, fresh: removePolicy})
}

// TestFaultsCompile: the helper that compiles it and writes it.
func TestFaultsCompile(t *testing.T) {
	runFaults(t, faultProgram{name: "tmpshell-helper, no policy", policy: methodEnv, demands: demandedOfBoth[:1], helper: true, fresh: removePolicy})
}

func removePolicy(t *testing.T) {
	t.Helper()
	if err := os.Remove(rig.Policy); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

// TestFaultsHelper: the helper, and the login after it.
func TestFaultsHelper(t *testing.T) {
	runFaults(t, faultProgram{name: "tmpshell-helper, method env", policy: methodEnv, demands: demandedOfBoth[:1], fresh: removeDirectories, helper: true})
}

// TestFaultsMount: a login that mounts.
func TestFaultsMount(t *testing.T) { faultsMount(t, demandNothing) }

// TestFaultsMountDeny: the same where all that can be is demanded.
func TestFaultsMountDeny(t *testing.T) { faultsMount(t, demandAll) }

func faultsMount(t *testing.T, d demand) {
	t.Helper()
	runFaults(t, faultProgram{name: "login, method mount, demanded: " + d.name, demands: []demand{d}, policy: methodMount, mounted: true, fresh: freshSession})
}

func freshSession(t *testing.T) {
	t.Helper()
	removeDirectories(t)
	if err := os.Truncate(sessionsList, 0); err != nil {
		t.Fatal(err)
	}
}

// TestFaultsMountShared: the same where mounts travel to the machine. Nothing of what a
// login mounts does, wherever it fails or ends.
func TestFaultsMountShared(t *testing.T) {
	runFaults(t, faultProgram{name: "login, method mount, propagation=shared", demands: demandedOfBoth[:1], policy: methodMount + " propagation=shared", mounted: true, shared: true, fresh: freshSession})
}

// TestFaultsMountHelper: the helper that makes what is mounted.
func TestFaultsMountHelper(t *testing.T) {
	runFaults(t, faultProgram{name: "tmpshell-helper, method mount", policy: methodMount, demands: demandedOfBoth[:1], mounted: true, helper: true, fresh: func(t *testing.T) {
		removeDirectories(t)
		for _, path := range []string{"/var/lib/tmpshell", "/run/tmpshell", "/tmp/.X11-unix"} {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
		}
	}})
}

// TestFaultsJoin: a login that enters the namespace of an older session.
func TestFaultsJoin(t *testing.T) { faultsJoin(t, demandNothing) }

// TestFaultsJoinDeny: the same where all that can be is demanded.
func TestFaultsJoinDeny(t *testing.T) { faultsJoin(t, demandAll) }

func faultsJoin(t *testing.T, d demand) {
	t.Helper()
	var list []byte
	runFaults(t, faultProgram{name: "second session, method mount, demanded: " + d.name, demands: []demand{d}, policy: methodMount, mounted: true, joins: true, fresh: func(t *testing.T) {
		removeDirectories(t)
		if list == nil {
			list, _ = os.ReadFile(sessionsList)
		}
		if err := os.WriteFile(sessionsList, list, 0o600); err != nil || len(list) == 0 {
			t.Fatal("no list of sessions: ", err)
		}
	}})
}

// faultRun is a program in a view.
type faultRun struct {
	faultProgram
	table    faultTable
	injector *fault.Injector // of the program
	logins   *fault.Injector // of the logins after it
	mounts   *mountWatch     // of the machine
	// good are the states of the files, in this round, that a login has found
	// and been right.
	good map[string]bool
}

func runFaults(t *testing.T, p faultProgram) {
	t.Helper()
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	if p.shared {
		rig.Must(t, "mount", "--make-rshared", "/")
	}
	rig.Install(t, p.policy)
	attack.Build(t, attack.Session)
	fault.Build(t, "/bin/bash")
	p.account = rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	if r := p.account.Login(t, "true"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	if p.joins {
		stay(t, p.account)
	}
	run := &faultRun{faultProgram: p, mounts: watchMounts(t)}
	run.table = faultTable{name: p.name, rows: map[string]*faultRow{}, demands: map[string]*faultRow{}, left: map[string]int{}, share: sample.Of(12), pairs: sample.Of(200)}
	run.injector = fault.Start(t, p.account, neverSecond(), p.argv()...)
	run.logins = fault.Start(t, p.account, nil, login...)
	for round, d := range p.demands {
		run.round(t, round, d)
	}
	view.Tell(run.table.String())
}

var login = []string{rig.Tmpshell, "-c", "exec " + attack.Session}

func (p faultProgram) argv() []string {
	if p.helper {
		return []string{rig.Helper}
	}
	return login
}

// round makes the calls of a run fail under one configuration.
func (run *faultRun) round(t *testing.T, round int, d demand) {
	t.Helper()
	rig.Configure(t, append([]string{run.policy}, d.lines...)...)
	rig.Setup(t)
	run.good = map[string]bool{}
	login := run.login(t)
	login.Deny, login.Restricted, login.AsShell = d.deny, d.restricted, d.shell
	run.fresh(t)
	_, trace := strace(t, run.account, nil, run.argv()...)
	calls := run.parse(trace)
	run.table.calls = max(run.table.calls, len(calls))
	if !run.helper && !calls[len(calls)-1].becomes() {
		t.Fatalf("not the whole login:\n%s", trace)
	}
	for n, c := range calls[1:] { // the first is the execve(2) that starts it
		faults := c.faults(t, round, run.helper)
		if len(faults) == 0 {
			run.table.left[c.name]++
		} else if !run.helper {
			run.pairs(t, d, login, faults, n, len(calls)-n)
		}
		faults = append(faults, injection{call: c, fault: kill})
		if !run.helper {
			faults = append(faults, injection{call: c, fault: stop})
		}
		for _, i := range faults {
			if run.table.share.Has(run.name, i.fault, c.name, c.nth, d.name) {
				run.inject(t, d, login, i)
			}
		}
	}
	if !run.helps {
		return
	}
	for _, i := range faultsBetween() {
		if run.table.share.Has(run.name, i.fault, i.call.name, i.call.nth, d.name) {
			run.inject(t, d, login, i)
		}
	}
}

// pairs are those whose first fault is at one call, which is the nth: it fails from
// one time on, and each call after it that is made then fails.
func (run *faultRun) pairs(t *testing.T, d demand, login attack.Login, faults []injection, nth, left int) {
	t.Helper()
	random := rand.New(rand.NewPCG(sample.Seed(), uint64(nth)))
	first := faults[random.IntN(len(faults))]
	if run.table.pairs.Has(run.name, "lasting", nth, d.name) {
		i := first
		i.fault, i.lasting = starving[random.IntN(len(starving))], true
		run.inject(t, d, login, i)
	}
	// After a fault there may be more of them than without.
	for after := 1; after < 2*left; after++ {
		i := first
		i.after, i.then = after, starving[random.IntN(len(starving))]
		if run.table.pairs.Has(run.name, "pair", nth, after, d.name) && !run.inject(t, d, login, i) {
			return
		}
	}
}

// inject does it, and looks at what came of it. It reports whether there was a
// call for all of it.
func (run *faultRun) inject(t *testing.T, d demand, login attack.Login, i injection) bool {
	t.Helper()
	// The Go runtime of the helper makes one call more or less.
	times := 1
	if run.helper {
		times = 6
	}
	var o fault.Outcome
	for {
		run.fresh(t)
		o = run.injector.Run(i.of())
		if o.Hit {
			break
		}
		if times--; times == 0 {
			if run.table.unreached++; i.call.ours {
				t.Errorf("%v: the call is not made any more", i)
			}
			return false
		}
		run.injector.Wait()
	}
	i.second = o.Second
	kind, why := run.judge(login, i, o.Result)
	if kind != attack.Violation {
		if less := run.allowed(d, i, kind, o.Stderr); less != "" {
			kind, why = attack.Violation, fmt.Sprintf("%s: %s; status %d, %q, %q", kind, less, o.Status, o.Stdout, o.Stderr)
		}
	}
	if bad := run.next(t, login, o.Left); bad != "" && kind != attack.Violation {
		kind, why = attack.Violation, bad
	}
	if now := run.mounts.changed(t); now != "" {
		kind, why = attack.Violation, "mounts outside have changed:\n"+now
	}
	run.table.add(i, d, kind)
	if kind == attack.Violation {
		run.table.violations++
		t.Errorf("demanded %s: %v: %s", d.name, i, why)
	}
	return i.after == 0 || o.Second >= 0
}

// next says what is wrong with what a run has left: whatever happened to it, the
// next login works. What has been seen to work already is not tried again.
func (run *faultRun) next(t *testing.T, login attack.Login, left bool) string {
	t.Helper()
	var next rig.Result
	state := ""
	if left { // it goes on changing
		next = run.account.Login(t, "exec "+attack.Session)
		run.injector.Wait()
	} else {
		if state = files(t); run.good[state] {
			return ""
		}
		next = run.logins.Run(fault.None).Result
	}
	if got, what := login.Judge(next); got != attack.Right || next.Stderr != "" {
		return "the next login: " + string(got) + " " + what + next.Stderr
	}
	if odd := leftovers(t); odd != "" {
		return odd
	}
	run.good[state] = !left
	return ""
}

// stay starts a session that stays until the test ends.
func stay(t *testing.T, a *rig.Account) {
	t.Helper()
	c := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "sh", "-c", "echo there; exec sleep 1000"}}
	c.OnTerminal(t).Expect("there")
}
