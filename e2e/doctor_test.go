package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// result is one entry of what `tmpshellctl --json doctor` prints.
type result struct {
	Check, Verdict, Fact string
	Fix                  fix // all empty where there is none
}

type fix struct{ Run, Write, In string }

func (r result) finding() bool { return r.Verdict == "warning" || r.Verdict == "error" }

// examine runs doctor, by way of a command for odd circumstances, and returns
// its findings and everything else.
func examine(t *testing.T, by string) (findings, others []result) {
	t.Helper()
	r := rig.Sh(t, by+" tmpshellctl --json doctor")
	var report struct {
		OK      bool
		Results []result
	}
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil || r.Stderr != "" {
		t.Fatalf("doctor: status %d, %v\n%s%s", r.Status, err, r.Stdout, r.Stderr)
	}
	for _, one := range report.Results {
		if one.finding() {
			findings = append(findings, one)
		} else {
			others = append(others, one)
		}
	}
	if sick := len(findings) > 0; report.OK == sick || r.Status != 0 != sick || r.Status > 1 {
		t.Errorf("doctor: status %d, ok %v, with findings %+v", r.Status, report.OK, findings)
	}
	return findings, others
}

// ailment is one thing to break on a healthy machine.
type ailment struct {
	check, want string // the check that finds it, and words of its fact
	breakIt     string
	also        []string // checks that cannot but find it, too
	by          string   // the command that doctor is run by
	// undo heals it where doctor prints no command, or one that cannot be
	// run here.
	undo string
}

// healthy makes a machine on which doctor finds nothing. The kernel's settings
// are files of the view's own: the real ones are the machine's.
func healthy(t *testing.T) {
	t.Helper()
	view.Need(t, "setcap", "setpriv", "sysctl", "systemd-tmpfiles", "tmpreaper", "usermod", "rsync", "dash", "/usr/sbin/sshd")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	rig.Must(t, "sh", "-ec", `
		mkdir /run/sysctl
		for s in protected_symlinks protected_hardlinks protected_fifos protected_regular; do
			echo 1 >/run/sysctl/$s
			mount --bind /run/sysctl/$s /proc/sys/fs/$s
		done
		install -m 644 "$1" /usr/lib/tmpfiles.d/tmpshell.conf
		grep -qx /usr/bin/dash /etc/shells || echo /usr/bin/dash >>/etc/shells
		ls /etc/ssh/ssh_host_*_key >/dev/null 2>&1 || ssh-keygen -A`, "sh", root+"/etc/tmpfiles.d/tmpshell.conf")
	rig.Install(t, "Log all", "Include tmpshell.d/*.conf")
	rig.Write(t, "/etc/tmpshell.d/a.conf", "SetEnv A=b\n", 0o644)
	rig.Must(t, "ln", "-s", "tmpshell", "/usr/bin/tmpshell-dash")
	rig.Setup(t)
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddUser(t, rig.Account{Name: "bob", UID: 1001, Shell: "/usr/bin/tmpshell-dash"})
	rig.Must(t, "sh", "-ec", "for d in /etc /usr/lib/tmpfiles.d; do mkdir -p /run/healthy$d; rsync -a $d/ /run/healthy$d/; done")
}

// restore takes back what a fix left.
func restore(t *testing.T) {
	t.Helper()
	rig.Must(t, "sh", "-ec", "for d in /etc /usr/lib/tmpfiles.d; do rsync -a --delete --checksum /run/healthy$d/ $d/; done; tmpshellctl setup")
}

// diagnose breaks one thing, has it found, heals it as doctor says, and has
// doctor agree.
func (a ailment) diagnose(t *testing.T) {
	t.Cleanup(func() { restore(t) })
	rig.Must(t, "bash", "-ec", a.breakIt)
	findings, _ := examine(t, a.by)
	found := false
	var by []string
	for _, f := range findings {
		found = found || f.Check == a.check && strings.Contains(f.Fact, a.want)
		by = append(by, f.Check)
	}
	slices.Sort(by)
	want := append(a.also, a.check)
	slices.Sort(want)
	if !found || !slices.Equal(slices.Compact(by), want) {
		t.Errorf("want %q found by %q; findings: %+v", a.want, want, findings)
	}
	if a.undo != "" {
		rig.Must(t, "bash", "-ec", a.undo)
		findings = nil
	}
	// One fix may show what another one is for: a squatter that setup moved
	// aside is still to be removed.
	for range 3 {
		for _, f := range findings {
			heal(t, f)
		}
		if findings, _ = examine(t, ""); len(findings) == 0 {
			return
		}
	}
	t.Errorf("it is not healed by what doctor says; left: %+v", findings)
}

// heal does what a finding says.
func heal(t *testing.T, f result) {
	t.Helper()
	file, line, isLine := strings.Cut(f.Fix.In, ":")
	switch {
	case f.Fix.Run != "":
		rig.Must(t, "sh", "-c", f.Fix.Run)
	case isLine:
		rig.Must(t, "sed", "-i", line+"c"+f.Fix.Write, file)
	case f.Fix.Write == "":
		t.Errorf("%s has no fix for: %s", f.Check, f.Fact)
	}
}

// TestDoctorTmpreaper: the line that doctor has written for Debian's job keeps a
// base that tmpreaper removes otherwise.
func TestDoctorTmpreaper(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	healthy(t)
	rig.Must(t, "sh", "-ec", `sed -i '/^SHOWWARNING/d' /etc/tmpreaper.conf; echo TMPREAPER_TIME=1s >>/etc/tmpreaper.conf`)
	findings, _ := examine(t, "")
	if len(findings) != 1 {
		t.Fatalf("findings: %+v; want one", findings)
	}
	heal(t, findings[0])
	// A directory goes one run after the last thing in it.
	reap := func(job string) string {
		return rig.Must(t, "sh", "-ec", `
			mkdir -p -m 700 /tmp/.private/1000/dir /tmp/old; chown alice /tmp/.private/1000
			for i in 1 2 3; do sleep 1.2; `+job+` >/dev/null; done
			find /tmp -mindepth 1 | sort`)
	}
	if got := reap("TMPREAPER_DELAY=0 /etc/cron.daily/tmpreaper"); !strings.Contains(got, "/tmp/.private/1000\n") || strings.Contains(got, "/tmp/old") {
		t.Errorf("with the line, tmpreaper leaves\n%s", got)
	}
	// Not the job: with patterns that match nothing, its tmpreaper skips
	// entries at random.
	if got := reap("tmpreaper --delay=0 --mtime-dir --ctime 1s /tmp/."); got != "" {
		t.Errorf("without, tmpreaper leaves\n%s", got)
	}
}
