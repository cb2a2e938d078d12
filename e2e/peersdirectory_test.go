package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// peersFile has the table that TestPeersDirectory finds.
const peersFile = "docs/comparison.md"

// peerMethod is a way to a private directory: a column. Its users are NAME, and NAME2,
// whose primary group is everybody's.
type peerMethod struct {
	name, title, shell string
	pam                string // a line of every session of PAM
	login              string // one of logins and of jobs
	sudoers            string // a file to install
}

var peerMethods = []peerMethod{
	{name: "plain", title: "nothing", shell: "/bin/bash"},
	{name: "env", title: "`env`"},
	{name: "sudoers", title: "`env`, `sudoers.d/tmpshell`", sudoers: "etc/sudoers.d/tmpshell"},
	{name: "one", title: "`env variables=TMPDIR`"},
	{name: "mount", title: "`mount`"},
	{name: "mktemp", title: "pam_mktemp", shell: "/bin/bash", pam: "session required pam_env.so conffile=/etc/security/mktemp.conf"},
	{name: "tmpdir", title: "libpam-tmpdir", shell: "/bin/bash", pam: "session optional pam_tmpdir.so"},
	{name: "ns", title: "pam_namespace", shell: "/bin/bash", login: "session required pam_namespace.so"},
}

// byVariable makes a file where the variable says, and takes its word for it, as Go and
// Node do; byPython looks for a directory that can be used, as tempfile does.
const (
	byVariable = "by-variable "
	byPython   = `/usr/bin/python3 -c "import tempfile; print(tempfile.mkstemp()[1])"`
	bwrap      = "bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp "
)

// peerSituation is a row.
type peerSituation struct {
	title string
	// script prints the file that it made, or, where that is root's, whether the user
	// could replace it. $other is NAME2.
	script string
	second bool // NAME2 runs it
	member bool // the one who looks for the file is in the user's group
	job    bool // the file is told in ~/done
}

var peerSituations = []peerSituation{
	{title: "a program that goes by `TMPDIR`", script: "mktemp"},
	{title: "by `TMP` alone", script: byVariable + "TMP"},
	{title: "by `TEMP` alone", script: byVariable + "TEMP"},
	{title: "by `TMPDIR`, and somebody else is in the user's group", script: "mktemp", member: true},
	{title: "`sg`, and a program that goes by `TMPDIR`", script: "sg lab mktemp"},
	{title: "`sg`, and one that goes by any of them", script: "sg lab '" + byPython + "'"},
	{title: "a program that is set-user-ID to another user, by `TMP`", script: "by-other /usr/local/bin/by-variable TMP"},
	{title: "the same, and the user's group is others', too", script: "by-other /usr/local/bin/by-variable TMP", second: true},
	{title: "a file of root's, by `sudo -E`, any of them", script: replace("sudo -E " + byPython)},
	{title: "a file of root's, by `sudo -E`, `TMP`", script: replace("sudo -E " + byVariable + "TMP")},
	{title: "a file of root's, by `su` without `-`, any of them", script: replace("su root -c '" + byPython + "'")},
	{title: "`sudo -E -u other`, by `TMP`", script: "sudo -E -u $other " + byVariable + "TMP"},
	{title: "`su other` without `-`, by `TMP`", script: "su $other -c '" + byVariable + "TMP'"},
	{title: "a job of `at`, by `TMPDIR`", script: "rm -f ~/done; at now 2>/dev/null <<'EOF'\nmktemp >~/part 2>&1; mv ~/part ~/done\nEOF", job: true},
	{title: "bwrap with a /tmp of its own, by `TMPDIR`", script: bwrap + "mktemp"},
	{title: "bwrap with `--unsetenv TMPDIR`, by `TMP`", script: bwrap + "--unsetenv TMPDIR " + byVariable + "TMP"},
	{title: "a subordinate id, by `TMPDIR`", script: "unshare --map-root-user --map-auto setpriv --reuid 1 --regid 1 --clear-groups mktemp"},
}

// replace is a script that has the user replace the file that a command of root's made.
func replace(command string) string {
	return "f=$(" + command + `) && if mv "$f" "$f.moved" 2>/dev/null; then echo replaced; else echo kept; fi`
}

// TestPeersDirectory: where programs of another identity, or in another root, put their
// files with each of the methods and of the PAM modules of this kind, each module in the
// best place that there is for it. The table is in docs/comparison.md. pam_mktemp is in no
// package: its directories are made as its sources have it, and pam_env sets its variables.
func TestPeersDirectory(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo", "su", "sg", "at", "atd", "bwrap", "newuidmap", "setpriv", "/usr/bin/python3")
	rig.Unpack(t, "pam-tmpdir")
	rig.Install(t, "OnFailure deny", "Match User one,one2", "Directory /tmp env variables=TMPDIR", "Match User mount,mount2", "Directory /tmp mount")
	preparePeers(t)
	header, rule := "| situation", "| ---"
	cells := make([]string, len(peerSituations))
	for i, m := range peerMethods {
		header += " | " + m.title
		rule += " | ---"
		gid := uint32(1000 + 10*i)
		rig.AddUser(t, rig.Account{Name: m.name, UID: gid, Shell: m.shell})
		rig.AddUser(t, rig.Account{Name: m.name + "2", UID: gid + 1, GID: 100, Shell: m.shell})
		rig.Must(t, "sh", "-ec", `usermod -aG lab $1; echo $1:$((100000 * $2)):65536 | tee -a /etc/subuid >>/etc/subgid
			install -d -m 1770 -g $1 /var/mktemp/$1; install -d -m 1700 -o $1"2" -g users /var/mktemp/$1"2"`, "sh", m.name, fmt.Sprint(i+1))
		if m.name == "mktemp" {
			rig.Must(t, "sh", "-ec", "cp -a /var/mktemp/. /tmp/.private/")
		}
		if m.sudoers != "" {
			rig.Write(t, "/etc/sudoers.d/tmpshell", readSource(t, m.sudoers), 0o440)
		}
		for _, file := range []string{"common-session", "common-session-noninteractive", "su-l", "atd"} {
			line := m.pam
			if !strings.HasPrefix(file, "common") {
				line = m.login
			}
			rig.Must(t, "sh", "-ec", `cp /etc/pam.d.before/$1 /etc/pam.d/$1; echo "$2" >>/etc/pam.d/$1`, "sh", file, line)
		}
		for j, s := range peerSituations {
			cells[j] += " | " + peerCell(t, m, s, gid)
		}
		rig.Must(t, "rm", "-f", "/etc/sudoers.d/tmpshell")
	}
	table := header + " |\n" + rule + " |\n"
	for j, s := range peerSituations {
		table += "| " + s.title + cells[j] + " |\n"
	}
	if !strings.Contains(readSource(t, peersFile), "\n"+table+"\n") {
		t.Errorf("%s does not have this table:\n%s", peersFile, table)
	}
}

// preparePeers is what an administrator would have done for all methods.
func preparePeers(t *testing.T) {
	t.Helper()
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD:SETENV: ALL\n", 0o440)
	rig.AddGroup(t, "lab", 3000)
	rig.Write(t, "/usr/local/bin/by-variable", `#!/usr/bin/python3
import os, sys, tempfile
print(tempfile.mkstemp(dir=os.environ.get(sys.argv[1], "/tmp"))[1])
`, 0o755)
	rig.Write(t, "/etc/security/namespace.conf", "/tmp /var/lib/tmp-inst/ user root\n", 0o644)
	rig.Write(t, "/etc/security/mktemp.conf", "TMPDIR OVERRIDE=/tmp/.private/@{PAM_USER}\nTMP OVERRIDE=/tmp/.private/@{PAM_USER}\n", 0o644)
	rig.Must(t, "sh", "-ec", `install -m 4755 -o games $(readlink -f /usr/bin/python3) /usr/local/bin/by-other
		mkdir -m 000 /var/lib/tmp-inst
		mkdir /var/mktemp; install -d -m 1700 /var/mktemp/root
		sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su
		cp -a /etc/pam.d /etc/pam.d.before
		: >/etc/at.deny; touch /run/atd.pid`)
	daemon(t, "pgrep -x atd", nil, "atd", "-f")
}

// peerCell tries a situation, and says what became of the file.
func peerCell(t *testing.T, m peerMethod, s peerSituation, gid uint32) string {
	t.Helper()
	who, other, group := m.name, m.name+"2", uint32(65534)
	if s.second {
		who = other
	}
	if s.member {
		group = gid
	}
	r := rig.Sh(t, `exec su - "$1" -c "$2" </dev/null`, who, "other="+other+"\n"+s.script)
	got := strings.TrimSpace(r.Stdout)
	if s.job {
		rig.Await(t, func() string { return m.name + ": the job has not run: " + r.Stderr }, func() bool {
			text, err := os.ReadFile("/home/" + who + "/done")
			got = strings.TrimSpace(string(text))
			return err == nil
		})
	}
	switch {
	case r.Status == 0 && got == "kept":
		return got
	case r.Status == 0 && got == "replaced":
		return "**replaced**"
	case r.Status == 1 && got == "" && (strings.Contains(r.Stderr, "Permission denied") || strings.Contains(r.Stderr, "No such file")):
		return "**refused**"
	case r.Status != 0 || !strings.HasPrefix(got, "/tmp/"):
		t.Errorf("%s: %s: status %d, %q, %q", m.name, s.title, r.Status, got, r.Stderr)
		return "?"
	}
	switch sees := rig.Sh(t, `exec setpriv --reuid 65534 --regid "$1" --clear-groups test -e "$2"`, fmt.Sprint(group), got); sees.Status {
	case 0:
		return "shared"
	case 1:
		return "private"
	default:
		t.Errorf("somebody else looks for %s: %d, %s", got, sees.Status, sees.Stderr)
		return "?"
	}
}
