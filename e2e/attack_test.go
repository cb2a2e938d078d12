package e2e

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
)

// scene is where attacks take place: alice logs in, mallory attacks her, bob has
// files that are nobody else's business.
type scene struct {
	alice, mallory *rig.Account
	login          attack.Login
	policy         []string
}

// attempt is one attack, or one variation of it.
type attempt struct {
	name string
	// Scripts: what an earlier mistake of root's has left, what mallory does
	// before the login, and what she does after it.
	root, before, after string
	// wrap runs the login, which is "$@", as alice, with odd habits.
	wrap string
	env  []string // alice's, after her own
	args []string // in the place of -c SCRIPT, for the program itself
	// end is how the login ends with tmpshell; the session if it is empty.
	end attack.Kind
	// clears is root's script after which all is well.
	clears string
	helper bool // tmpshell-helper is run in the place of a login
	noDeny bool // OnFailure deny is not to be tried, too
	// mounted: mallory has mounted something in /tmp, which nobody else looks
	// at; root's script clears ends that, also when the attack is over.
	mounted bool
	named   bool // root's configuration names mallory's file: it may be opened, but not read
}

func newScene(t *testing.T, policy ...string) *scene {
	t.Helper()
	// What the machine has there is large, and changes meanwhile.
	for _, home := range []string{"/root", "/home"} {
		rig.Must(t, "mount", "-t", "tmpfs", "-o", "mode=755,nosuid,nodev", "home", home)
	}
	rig.Install(t, policy...)
	attack.Build(t, attack.Session, attack.Naive)
	s := &scene{
		alice:   rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}),
		mallory: rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"}),
		policy:  policy,
	}
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	as(t, bob, "echo secret >/home/bob/secret; chmod 600 /home/bob/secret")
	as(t, s.mallory, "mkdir /home/mallory/open; chmod 777 /home/mallory/open")
	rig.Write(t, "/root/secret", "secret\n", 0o600)
	rig.Write(t, "/var/log/naive.log", "", 0o600)
	if len(policy) == 0 || policy[0] == methodEnv {
		s.control(t)
	}
	return s
}

// control logs in when nobody attacks: the naive program has to be right then,
// or it would show nothing that it is not when somebody does.
func (s *scene) control(t *testing.T) {
	t.Helper()
	for _, program := range []string{attack.Naive, rig.Tmpshell} {
		t.Run("no attack on "+program, func(t *testing.T) {
			s.stage(t, attempt{})
			if end, wrong := s.run(t, attempt{after: takeover}, program, 0); end != attack.Right || len(wrong) > 0 {
				t.Fatalf("%s: %s, %q", program, end, wrong)
			}
		})
	}
}

// outside notes what /tmp and the descriptors are outside the session.
func (s *scene) outside(t *testing.T) {
	t.Helper()
	r := rig.Command{As: s.alice, Path: attack.Session, Args: []string{"session"}}.Run(t)
	facts, ok := attack.Parse(r.Stdout)
	if !ok {
		t.Fatalf("%+v", r)
	}
	s.login = attack.Login{UID: s.alice.UID, Shared: facts.Tmp, Outside: facts.Namespace, Descriptors: facts.Descriptors}
}

// naivePatience: the naive program waits for ever for a FIFO or a server that does
// not answer.
const naivePatience = 2

// run logs in by a program, and returns all that is wrong. See rig.Command for
// patience.
func (s *scene) run(t *testing.T, a attempt, program string, patience int) (end attack.Kind, wrong []string) {
	t.Helper()
	args := []string{program, "-c", "exec " + attack.Session}
	if a.args != nil {
		args = append([]string{program}, a.args...)
	}
	wrap := a.wrap
	if wrap == "" {
		wrap = `exec "$@"`
	}
	const output = "/home/alice/output"
	_ = os.Remove(output)
	before := attack.Take(t)
	var objects map[uint64]string
	watch := &attack.Watch{}
	if !a.mounted {
		objects, watch = attack.Objects(t, s.alice.UID), attack.WatchOthers(t, s.alice.UID)
	}
	// A file, so that descriptor 1 can be closed.
	r := rig.Command{As: s.alice, Path: "/bin/bash", Args: append([]string{"bash", "-c", wrap, "bash"}, args...), Env: append(s.alice.Env(), a.env...), Patience: patience}.Run(t)
	if text, err := os.ReadFile(output); err == nil {
		r.Stdout += string(text)
	}
	wrong = watch.Events(a.named)
	if !a.mounted {
		wrong = append(wrong, attack.Changed(objects, attack.Objects(t, s.alice.UID))...)
	}
	var why string
	if a.helper {
		end = attack.Reported
		if end = attack.Reported; r.Status == 0 {
			end = attack.Right
		} else if r.Status > 5 { // helper.ExitSetup is the greatest
			why = fmt.Sprintf("%+v", r)
		}
	} else {
		end, why = s.login.Judge(r)
	}
	if patience > 0 && r.Signal == syscall.SIGKILL {
		why = "it hangs"
	}
	if why != "" {
		wrong = append(wrong, why)
	}
	if a.after != "" {
		_ = rig.Command{As: s.mallory, Path: "/bin/bash", Args: []string{"bash", "-c", a.after}}.Run(t)
		if facts, ok := attack.Parse(r.Stdout); ok && facts.Dir != "" {
			if is := attack.Lstat(facts.Dir); is != facts.DirStat {
				wrong = append(wrong, fmt.Sprintf("%s, which was %v, is %v now", facts.Dir, facts.DirStat, is))
			}
		}
	}
	return end, append(wrong, before.Changes(t)...)
}

// stage prepares an attempt in a fresh /tmp.
func (s *scene) stage(t *testing.T, a attempt) {
	t.Helper()
	rig.FreshTmp(t)
	rig.Must(t, "chmod", "1777", "/tmp")
	_ = os.RemoveAll("/run/user/1000")
	if a.root != "" {
		rig.Must(t, "bash", "-ec", a.root)
	}
	if a.before != "" {
		as(t, s.mallory, a.before)
	}
	s.outside(t)
}

// against tries it on the naive program and on tmpshell.
func (s *scene) against(t *testing.T, row *attack.Row, a attempt) {
	t.Helper()
	name := a.name
	if name == "" {
		name = "attack"
	}
	t.Run(name+" on the naive program", func(t *testing.T) {
		s.stage(t, a)
		_, wrong := s.run(t, a, attack.Naive, naivePatience)
		if a.mounted {
			rig.Must(t, "bash", "-ec", a.clears)
		}
		row.Naive(len(wrong) > 0)
	})
	program := rig.Tmpshell
	if a.helper {
		program = rig.Helper
	}
	for _, deny := range []bool{false, true} {
		policy := s.policy
		if deny {
			if a.helper || a.noDeny {
				break
			}
			policy = append(policy[:len(policy):len(policy)], "OnFailure deny")
		}
		t.Run(fmt.Sprintf("%s, deny %v", name, deny), func(t *testing.T) {
			rig.Configure(t, policy...)
			defer rig.Configure(t, s.policy...)
			s.stage(t, a)
			s.login.Deny = deny
			end, wrong := s.run(t, a, program, 0)
			want := a.end
			if want == "" {
				want = attack.Right
			}
			if deny && want != attack.Right {
				want = attack.Refused
			}
			if end != want && !a.helper && len(wrong) == 0 {
				wrong = append(wrong, fmt.Sprintf("the login ends as %s, not as %s", end, want))
			}
			if a.clears != "" {
				rig.Must(t, "bash", "-ec", a.clears)
				want = attack.Right
			}
			next := s.alice.Login(t, "exec "+attack.Session)
			if got, why := s.login.Judge(next); got != want && !a.helper || why != "" {
				wrong = append(wrong, fmt.Sprintf("the next login: %s %s", got, why))
			}
			row.Held(1, end, wrong...)
		})
	}
}

// attacks runs a table of them, each with its variations.
func (s *scene) attacks(t *testing.T, table *attack.Table, name string, attempts ...attempt) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		row := attack.Begin(t, name)
		for _, a := range attempts {
			s.against(t, row, a)
		}
		table.Add(row)
	})
}
