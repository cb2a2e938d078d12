//go:build bench

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/bench/report"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// The programs that measure, and that stand beside tmpshell.
const (
	interleave = "/usr/local/bin/interleave"
	floor      = "/usr/local/bin/floor"
	floorMount = "/usr/local/bin/floormount"
	goFloor    = "/usr/local/bin/gofloor"
)

// The rows that the targets are about.
const (
	alone         = "bash alone"
	rowC          = "C, static: verify, set two variables"
	rowEnv        = "tmpshell, env"
	rowCMount     = "C, static: namespace, slave, bind mount"
	rowMount      = "tmpshell, mount, a namespace of its own"
	rowJoined     = "tmpshell, mount, another session's namespace"
	rowGo         = "Go: an empty program"
	rowPAMNothing = "pamtester: a session of pam_permit"
)

// shell is what every row ends in.
const shell = "/bin/bash -c true"

// TestBenchLogin compares what stands between login and shell.
func TestBenchLogin(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Must(t, "mount", "--make-rshared", "/")
	machine(t)
	floors(t)
	rows, notes := loginRows(t)
	d := measure(t, rounds(t, 300), rows)
	notes = append(notes, "`pamtester` opens and closes a session of each PAM module; what is subtracted is the same with `pam_permit` alone. All else is subtracted from `"+alone+"`.")
	notes = append(notes, verdicts(targets(d)...))
	publishTable(d.table("login", "One login, `SHELL -c true`.", notes...))

	few := rows[:0:0]
	for _, r := range rows {
		switch r.name {
		case alone, rowC, rowEnv, rowCMount, rowMount, rowJoined, rowGo:
			few = append(few, r)
		}
	}
	busy := 10 * runtime.NumCPU()
	stop := load(t, busy)
	d = measure(t, rounds(t, 300)/3, few)
	stop()
	publishTable(d.table("load", fmt.Sprintf("The same beside %d busy processes, ten for each processor.", busy),
		verdicts(d.verdict("env, beside C", rowEnv, rowC, 1.5), d.verdict("mount, beside C with a namespace", rowMount, rowCMount, 1.5))))

	wholeLogins(t)
}

// loginRows prepares the accounts and returns all commands of the main table.
func loginRows(t *testing.T) (rows []row, notes []string) {
	conf := []string{"Match User mounted,joined", "Directory /tmp mount", "Match User fresh", "Directory /tmp tmpfs", "Match User watched", "Supervise yes"}
	rig.Install(t, conf...)
	supervises := !strings.Contains(rig.Sh(t, rig.Ctl+" check; true").Stdout, "not in effect")
	uids := map[string]int{"plain": 1000, "mounted": 1001, "fresh": 1002, "joined": 1003, "watched": 1004, "first": 1005}
	accounts := map[string]*rig.Account{}
	for name, uid := range uids {
		accounts[name] = rig.AddUser(t, rig.Account{Name: name, UID: uint32(uid)})
		if name != "watched" || supervises {
			accounts[name].Session(t)
		}
	}
	t.Cleanup(sleep(t, accounts["joined"]))
	login := rig.Tmpshell + " -c true"
	rows = []row{
		{name: alone, uid: 1000, command: shell},
		{name: rowC, uid: 1000, command: floor + " /tmp/.private/1000 TMPDIR TMP -- " + shell},
		{name: rowEnv, ours: true, uid: 1000, command: login},
		{name: "tmpshell, env, --exec", ours: true, uid: 1000, command: rig.Tmpshell + " --exec " + shell},
		{name: "tmpshell, env, --exec --user", ours: true, command: rig.Tmpshell + " --exec --user plain " + shell},
		{name: "tmpshell, env, the user's first login", ours: true, uid: 1005, before: "/bin/rm -rf /tmp/.private/1005", command: login},
		{name: "tmpshell, env, the policy not compiled yet", ours: true, uid: 1000, before: "/bin/rm -f " + rig.Policy, command: login},
		{name: rowCMount, command: floorMount + " 1000 /var/lib/tmpshell/1001/tmp /tmp " + shell},
		{name: rowJoined, ours: true, uid: 1003, command: login},
		{name: rowMount, ours: true, uid: 1001, command: login},
		{name: "tmpshell, tmpfs", ours: true, uid: 1002, command: login},
	}
	if supervises {
		rows = append(rows, row{name: "tmpshell, env, Supervise", ours: true, uid: 1004, command: login})
		notes = append(notes, "With `Supervise` each session's directory is removed at its end, and the next login has it made anew: a first login, and two programs more.")
	} else {
		notes = append(notes, "Supervise: not measured: not in effect yet.")
	}
	rows = append(rows, row{name: rowGo, uid: 1000, command: goFloor + " " + shell})
	others, why := peers(t)
	return append(rows, others...), append(notes, why...)
}

// targets are what the launcher is to keep to, as ratios within one run.
func targets(d data) []string {
	list := []string{
		d.verdict("env, beside an empty Go program", rowEnv, rowGo, 0.30),
		d.verdict("env, beside C", rowEnv, rowC, 1.15),
		d.verdict("mount, beside an empty Go program", rowMount, rowGo, 0.60),
		d.verdict("mount, beside C with a namespace", rowMount, rowCMount, 1.5),
	}
	for _, r := range d.rows {
		if r.limits != "" {
			list = append(list, d.verdict(r.limits+", beside "+r.name, r.limits, r.name, 1))
		}
	}
	return list
}

// TestBenchBlocks has configurations of 0, 10 and 1000 Match blocks, before and
// after they are compiled. Each has a root directory of its own, with the same
// programs, and the same bash in it is subtracted.
func TestBenchBlocks(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	floors(t)
	rig.Install(t)
	rig.AddUser(t, rig.Account{Name: "plain", UID: 1000})
	var compiled, anew []row
	name := func(n int, how string) string { return fmt.Sprintf("tmpshell, %d Match blocks%s", n, how) }
	const fresh = ", not compiled yet"
	for _, n := range []int{0, 10, 1000} {
		root := benchRoot(t, n)
		enter := "/usr/sbin/chroot --userspec 1000:1000 " + root + " "
		base := fmt.Sprintf("bash alone, root directory %d", n)
		login := enter + rig.Tmpshell + " -c true"
		if r := rig.Sh(t, login); r.Status != 0 || r.Stderr != "" {
			t.Fatalf("%+v", r)
		}
		alone := row{name: base, base: base, command: enter + shell}
		compiled = append(compiled, alone, row{name: name(n, ""), ours: true, base: base, command: login})
		anew = append(anew, alone, row{name: name(n, fresh), ours: true, base: base, before: "/bin/rm -f " + root + rig.Policy, command: login})
	}
	// What is compared is a tenth of what varies: five times the rounds.
	d := measure(t, 5*rounds(t, 300), compiled)
	table := d.table("blocks", "Configurations of 0, 10 and 1,000 `Match` blocks; method env. Each has a root directory of its own, and the same bash in it is subtracted.",
		verdicts(d.verdict("1,000 blocks, beside none", name(1000, ""), name(0, ""), 1.1)))
	d = measure(t, max(6, rounds(t, 300)/3), anew)
	publishSection("blocks", table.Markdown()+"\n"+d.table("", "The same when the policy is not compiled yet, which the first login has done.").Markdown(), "")
}

func benchRoot(t *testing.T, blocks int) string {
	t.Helper()
	var conf strings.Builder
	for i := range blocks {
		fmt.Fprintf(&conf, "Match Uid %d,!1000\nSetEnv A=%d\nLog all\n", 2000+i, i)
	}
	root := fmt.Sprintf("/var/lib/bench%d", blocks)
	rig.Must(t, "sh", "-ec", `mkdir -p "$1" && cd "$1" && mkdir -p usr etc proc dev tmp run var home && chmod 1777 tmp
		for d in bin sbin lib lib64; do ln -s usr/$d $d; done
		for d in usr proc dev home; do mount --rbind /$d $d; done
		cp -a /etc/. etc/`, "sh", root)
	rig.Write(t, root+rig.Conf, conf.String(), 0o644)
	rig.Must(t, "chroot", root, rig.Ctl, "setup")
	return root
}

// wholeLogins are by the real sshd and su. The account is the same with and without
// tmpshell, since two accounts with bash were already 10 ms apart: what its shell
// links to is changed before each login. Bash is there twice, to see what the run
// can tell apart.
func wholeLogins(t *testing.T) {
	view.Need(t, "su", "ssh")
	const link = "/usr/local/bin/tmpshell-bash"
	rig.StartSSHD(t, "UsePAM yes")
	var rows []row
	var compared []string
	for _, method := range []string{"env", "mount"} {
		account := map[string]string{"env": "plain", "mount": "mounted"}[method]
		rig.Must(t, "usermod", "--shell", link, account)
		ssh := "/usr/bin/ssh " + strings.Join(append(rig.SSH(&rig.Account{Name: account}).Args[1:], "true"), " ")
		for _, caller := range [][2]string{{"sshd", ssh}, {"su", "/usr/bin/su " + account + " -c true"}} {
			base := fmt.Sprintf("%s, %s's shell is bash", caller[0], account)
			ours := fmt.Sprintf("%s, tmpshell, %s", caller[0], method)
			for _, r := range []struct{ name, target string }{{base, "/bin/bash"}, {base + ", once more", "/bin/bash"}, {ours, rig.Tmpshell}} {
				rows = append(rows, row{name: r.name, ours: r.name == ours, base: base, before: "/bin/ln -sfn " + r.target + " " + link, command: caller[1]})
			}
			compared = append(compared, ours)
		}
	}
	d := measure(t, rounds(t, 300)/2, rows)
	var notes []string
	for _, name := range compared {
		a := d.result(name).Added
		said := "is more than chance"
		if a.Low <= 0 && a.High >= 0 {
			said = "is below what this run can resolve"
		}
		notes = append(notes, fmt.Sprintf("%s: the difference of %+.2f ms (%.2f to %.2f) %s.", name, a.Mid, a.Low, a.High, said))
	}
	table := d.table("whole", "Whole logins, from the client's start to its end.", notes...)
	table.TimesOnly = true
	publishTable(table)
}

// load keeps processors busy until it is stopped.
func load(t *testing.T, processes int) (stop func()) {
	t.Helper()
	var all []*exec.Cmd
	for range processes {
		cmd := exec.Command("/bin/sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, cmd)
	}
	return func() {
		for _, cmd := range all {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	}
}

// sleep starts a session that lasts, and returns how to end it.
func sleep(t *testing.T, a *rig.Account) func() {
	t.Helper()
	cmd := exec.Command(rig.Tmpshell, "--exec", "sleep", "3600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential()}
	cmd.Env = a.Env()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, func() string { return "the session has not begun" }, func() bool {
		exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", cmd.Process.Pid))
		return strings.HasSuffix(exe, "/sleep")
	})
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// publishTable hands a table on to the document.
func publishTable(table report.Table) { publishSection(table.Name, table.Markdown(), table.SVG()) }
