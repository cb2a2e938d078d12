package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"

	"tmpshell/e2e/attack"
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

// TestFaultsStale: a login after the configuration has changed, whose policy the
// helper has to compile.
func TestFaultsStale(t *testing.T) {
	runFaults(t, faultProgram{name: "login with a stale policy", policy: methodEnv, demands: demandedOfBoth, helps: true, fresh: func(t *testing.T) {
		if err := os.Remove(rig.Policy); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}})
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
	runFaults(t, faultProgram{name: "login, method mount, demanded: " + d.name, demands: []demand{d}, policy: methodMount, mounted: true, fresh: func(t *testing.T) {
		removeDirectories(t)
		if err := os.Truncate(sessionsList, 0); err != nil {
			t.Fatal(err)
		}
	}})
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
	table  faultTable
	mounts string // of the machine
}

func runFaults(t *testing.T, p faultProgram) {
	t.Helper()
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, p.policy)
	attack.Build(t, attack.Session)
	p.account = rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	if r := p.account.Login(t, "true"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	if p.joins {
		stay(t, p.account)
	}
	run := &faultRun{faultProgram: p, mounts: mountTable(t)}
	run.table = faultTable{name: p.name, rows: map[string]*faultRow{}, demands: map[string]*faultRow{}, left: map[string]int{}, share: sample.Of(30)}
	for round, d := range p.demands {
		run.round(t, round, d)
	}
	view.Tell(run.table.String())
}

func (p faultProgram) argv() []string {
	if p.helper {
		return []string{rig.Helper}
	}
	return []string{rig.Tmpshell, "-c", "exec " + attack.Session}
}

// round makes the calls of a run fail under one configuration.
func (run *faultRun) round(t *testing.T, round int, d demand) {
	t.Helper()
	rig.Configure(t, append([]string{run.policy}, d.lines...)...)
	rig.Setup(t)
	login := run.login(t)
	login.Deny, login.Restricted, login.AsShell = d.deny, d.restricted, d.shell
	run.fresh(t)
	_, trace := strace(t, run.account, nil, run.argv()...)
	calls := run.parse(trace)
	run.table.calls = max(run.table.calls, len(calls))
	if !run.helper && !calls[len(calls)-1].becomes() {
		t.Fatalf("not the whole login:\n%s", trace)
	}
	var able []tracedCall
	for _, c := range calls[1:] { // the first is the execve(2) that starts it
		faults := c.faults(t, round, run.helper)
		if len(faults) == 0 {
			run.table.left[c.name]++
		} else {
			able = append(able, c)
		}
		faults = append(faults, injection{call: c, fault: kill})
		if !run.helper {
			faults = append(faults, injection{call: c, fault: stop})
		}
		for _, i := range faults {
			run.table.all++
			if run.table.share.Has(run.name, i.fault, c.name, c.nth, d.name) {
				run.inject(t, d, login, i)
			}
		}
	}
	if run.helper {
		return
	}
	if run.helps {
		for _, i := range faultsBetween() {
			run.table.all++
			if run.table.share.Has(run.name, i.fault, i.call.name, i.call.nth, d.name) {
				run.inject(t, d, login, i)
			}
		}
	}
	// Pairs, and a call that fails from one time on.
	const each = 4
	random := rand.New(rand.NewPCG(sample.Seed(), uint64(len(d.name)+round)))
	count := each * len(able)
	run.table.all += count
	for range count / int(run.table.share) {
		first, second := random.IntN(len(able)), random.IntN(len(able))
		i := injection{call: able[min(first, second)], fault: starving[random.IntN(len(starving))]}
		i.also = &injection{call: able[max(first, second)], fault: starving[random.IntN(len(starving))]}
		run.inject(t, d, login, i)
	}
}

// inject does it, and looks at what came of it.
func (run *faultRun) inject(t *testing.T, d demand, login attack.Login, i injection) {
	t.Helper()
	var r rig.Result
	var trace string
	const times = 6
	for try := 1; ; try++ {
		run.fresh(t)
		if i.fault == stop {
			var stops int
			if r, stops = stopAt(t, run.account, i.call, func() {}, run.argv()); stops > 0 {
				break
			}
		} else if r, trace = strace(t, run.account, i.options(run.account), run.argv()...); i.happened(r, trace) {
			if i.late(trace) {
				run.table.unreached++
				return
			}
			break
		}
		if i = i.another(try - 1); try == times {
			if run.table.unreached++; i.call.ours {
				t.Errorf("%v: the call is not made any more", i)
			}
			return
		}
	}
	kind, why := run.judge(login, i, r)
	if kind != attack.Violation {
		if less := run.allowed(d, i, kind, r.Stderr); less != "" {
			kind, why = attack.Violation, fmt.Sprintf("%s: %s; status %d, %q, %q", kind, less, r.Status, r.Stdout, r.Stderr)
		}
	}
	// Whatever happened, the next login works.
	next := run.account.Login(t, "exec "+attack.Session)
	if got, what := login.Judge(next); kind != attack.Violation && (got != attack.Right || next.Stderr != "") {
		kind, why = attack.Violation, "the next login: "+string(got)+" "+what+next.Stderr
	}
	if now := mountTable(t); now != run.mounts {
		kind, why = attack.Violation, "mounts outside have changed:\n"+now
		run.mounts = now
	}
	if odd := leftovers(t); odd != "" {
		kind, why = attack.Violation, odd
	}
	run.table.add(i, d, kind)
	if kind == attack.Violation {
		run.table.violations++
		t.Errorf("demanded %s: %v: %s", d.name, i, why)
	}
}

// stay starts a session that stays until the test ends.
func stay(t *testing.T, a *rig.Account) {
	t.Helper()
	c := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "sh", "-c", "echo there; exec sleep 1000"}}
	c.OnTerminal(t).Expect("there")
}
