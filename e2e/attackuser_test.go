package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// userAttack is what another process of the user's own does to a login.
type userAttack struct {
	name, attack string
	// capable: what the program has privilege for is attacked.
	capable bool
	// options are assail's.
	options []string
	// mount: the session has something mounted on /tmp. inJail: it is in a chroot.
	mount, inJail bool
	// alone: no other process takes part.
	alone bool
	// least is for how many logins tmpshell is attacked, if the naive program
	// loses soon.
	least int
}

// How many logins of the naive program are attacked at most, and how many of
// tmpshell's; make test-all has ten times as many of these.
const (
	mostNaive    = 20_000
	mostAssaults = 160
	fewAssaults  = 60
)

// naiveCapable is the naive program with capabilities of its file.
const naiveCapable = "/usr/local/bin/naivecapable"

// demanded is what the session finds out about itself: 40 if it has what is
// demanded, 41 if it was kept from finding out, 51 with a free shell, 52 without no_new_privs, 53 without its directory,
// 54 outside of its chroot, 55 with a capability.
//
// The last condition is not for the naive program, which mounts nothing.
const demanded = `cd / 2>/dev/null && exit 51; [ "$TMPDIR" = "$WANTED" ] || exit 53; %s
	while read -r key value; do case $key$value in Cap[IPEA]??:*[1-9a-f]*) exit 55;; NoNewPrivs:0) exit 52;; NoNewPrivs:1) exit 40;; esac; done </proc/self/status
	exit 41`

// TestAttackUser: signals, limits, ptrace(2) and /proc, from another process of the
// user's at random moments of a login. No session has less than the configuration
// demands, or more than it grants. Each attacker has a real-time priority, where the
// machine lets it, and for a share of the attacks there is one without, too.
func TestAttackUser(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc", "setcap")
	needExtrausers(t)
	rig.Must(t, "sed", "-i", "-E", "s/^group:.*/group: files extrausers/", "/etc/nsswitch.conf")
	rig.Write(t, "/var/lib/extrausers/group", "students:x:7000:\n", 0o644)
	s := newScene(t, methodEnv)
	s.makeJail(t)
	attack.Build(t, attack.NaiveUser, attack.Assail)
	rig.Must(t, "cp", attack.NaiveUser, naiveCapable)
	rig.Must(t, "setcap", "cap_sys_admin,cap_sys_chroot,cap_net_raw=ep", naiveCapable)

	table := attack.Table{Title: "another process of the user's"}
	attacks := []userAttack{
		{name: "signals of faults", attack: "fault"},
		{name: "any signal", attack: "signal"},
		{name: "limit on open files", attack: "files"},
		{name: "limit on processes", attack: "processes"},
		{name: "limit on the stack", attack: "stack"},
		{name: "limits on memory and file size", attack: "memory"},
		{name: "ptrace, and /proc/PID/mem", attack: "trace"},
		{name: "an environment at the limit", attack: "size", alone: true, least: 250},
		{name: "children: the answer is forged", attack: "forged", options: []string{"-s"}, least: 25},
		{name: "children: killed", attack: "killed", options: []string{"-s"}, least: 25},
		{name: "children: limits", attack: "starved", options: []string{"-s"}, least: 25},
		{name: "policy made anew: any signal", attack: "signal", options: []string{"-s"}, least: 25},
		{name: "a grant is forged", attack: "forged", capable: true, options: []string{"-s"}, least: 25},
		{name: "threads that have kept capabilities", attack: "threads", capable: true, mount: true, least: 40},
		{name: "mounted: signals of faults", attack: "fault", capable: true, mount: true},
		{name: "mounted: limit on open files", attack: "files", capable: true, mount: true},
		{name: "out of a chroot", attack: "files", capable: true, mount: true, inJail: true},
	}
	method, share, slow := "", sample.Of(6), sample.Of(18)
	for _, a := range attacks {
		conf := "Directory /tmp env"
		if a.mount {
			conf = "Directory /tmp mount"
		}
		if method != conf {
			method = conf
			rig.Configure(t, conf, "Match Group ops", "Ambient cap_net_raw",
				"Match Group students", "NoNewPrivileges yes", "Shell /bin/rbash", "OnFailure deny")
			rig.Setup(t)
			rig.Write(t, "/tmp/outside", "", 0o644)
			rig.Write(t, "/home/jail/tmp/outside", "", 0o644)
		}
		if share.Has(a.name) && !a.alone {
			s.assail(t, &table, a, true)
		}
		if slow.Has(a.name) || a.alone {
			s.assail(t, &table, a, false)
		}
	}
	view.Tell(table.String() + fmt.Sprintf("of %d attacks: %v\nwithout a real-time priority: %v\n", len(attacks), share, slow))
}

// assail attacks the naive program until it has lost, and then tmpshell.
func (s *scene) assail(t *testing.T, table *attack.Table, a userAttack, realtime bool) {
	t.Helper()
	name := a.name
	options := a.options
	if realtime {
		name += ", real-time"
		options = append(options, "-r")
	}
	naive, wanted, place, mounted := attack.NaiveUser, s.alice.Private(), "", ""
	if a.capable {
		naive = naiveCapable
	}
	if a.mount {
		wanted, mounted = "/tmp", "[ ! -e /tmp/outside ] || exit 53"
	}
	if a.inJail {
		options = append(options, "-j", "/home/jail")
		place = "[ -e /in-jail ] || exit 54;"
	}
	t.Run(name, func(t *testing.T) {
		run := func(how string, count, wins int, program string) (ends [9]int) {
			script := fmt.Sprintf(demanded, place)
			if program == rig.Tmpshell {
				script = fmt.Sprintf(demanded, place+mounted)
			}
			args := append([]string{how, fmt.Sprint(count), fmt.Sprint(wins), fmt.Sprint(s.alice.UID)}, options...)
			cmd := exec.Command(attack.Assail, append(args, program, "-c", script)...)
			cmd.Env = []string{"WANTED=" + wanted}
			out, err := cmd.CombinedOutput()
			fields := strings.Fields(string(out))
			for i := range min(len(fields), len(ends)) {
				_, _ = fmt.Sscan(fields[i], &ends[i])
			}
			if err != nil || len(fields) != len(ends) {
				t.Fatalf("%s: %v, %q", program, err, out)
			}
			return ends
		}
		for _, program := range []string{naive, rig.Tmpshell} {
			if ends := run("none", 2, 1, program); ends[1] != 2 {
				t.Fatalf("without an attack, %s: %v", program, ends)
			}
		}
		row := attack.Begin(t, name)
		won := run(a.attack, mostNaive, 1, naive)
		row.NaiveRun(won[0], won[4])
		least, most := fewAssaults, mostAssaults
		if a.least > 0 { // it is a costly one, or has something to count
			least, most = a.least, max(a.least, mostAssaults/4)
		}
		count := min(max(windows*won[0], least), most)
		if sample.All() {
			count = 10 * mostAssaults
		}
		ends := run(a.attack, count, count, rig.Tmpshell)
		for i, kind := range []attack.Kind{attack.Right, attack.Refused, attack.Killed} {
			row.Held(ends[i+1], kind)
		}
		if ends[4] > 0 {
			row.Held(ends[4], attack.Violation, fmt.Sprintf("%d of %d, the last one with %d", ends[4], ends[0], ends[5]))
		}
		if realtime && ends[7] == 0 {
			row.Note("no real-time priority on this machine")
		}
		table.Add(row)
	})
}
