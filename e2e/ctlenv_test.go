package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// hostileValue holds what is special in some shell.
const hostileValue = `it's "a" $HOME ${x} $(id) !! \ \n é ` + "`id`" + ` %s; *`

// foldedValue and bytesValue are in no configuration; a caller may have them.
const (
	foldedValue = "1!\n2 'é'\\\n\n"
	bytesValue  = "\xff\xfe\xc3"
)

// setHostile is a word of SetEnv.
func setHostile() string {
	return "'" + strings.NewReplacer("'", `'\''`, "${", "$${").Replace("HOSTILE="+hostileValue) + "'"
}

// TestCtlEnv: every format is read by what it is for, and gives the session's
// values, and no other.
func TestCtlEnv(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "tcsh", "bsd-csh", "fish", "dash")
	// The name of a program's own variable, and what only the caller can have in one.
	rig.Install(t, "Exempt root zoe", "SetEnv "+setHostile()+" TMUX_TMPDIR=${TMPDIR}/t FOLDED=${RAW} BYTES=${RAW8} EMPTY=", "Directory /var/tmp env variables=SQLITE_TMPDIR",
		"Match User mount", "Directory /tmp mount", "Match User denied", "Directory /tmp mount", "OnFailure deny")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	names := []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR", "SQLITE_TMPDIR", "XDG_RUNTIME_DIR", "HOSTILE", "TMUX_TMPDIR", "FOLDED", "BYTES", "EMPTY"}
	raw := []string{"RAW=" + foldedValue, "RAW8=" + bytesValue}
	// TEMP is the one of another session that is gone, and another user's.
	inherited := append(append(alice.Env(), raw...), "TEMP=/tmp/.private/4242")
	session := rig.ParseSession(t, rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"-tmpshell", "-c", rig.Probe}, Env: inherited, Dir: "/"}.Run(t))
	want := map[string]string{}
	for _, n := range names {
		want[n], _ = session.Getenv(n)
	}
	if want["HOSTILE"] != hostileValue || want["FOLDED"] != foldedValue || want["BYTES"] != bytesValue || want["TMPDIR"] != alice.Private() {
		t.Fatalf("the session has %q", want)
	}
	run := func(a *rig.Account, path string, args ...string) rig.Result {
		return rig.Command{As: a, Path: path, Args: append([]string{path}, args...), Dir: "/", Env: append(append(a.Env(), raw...), "TEMP=/tmp/.private/4242")}.Run(t)
	}
	ctl := func(format string) string { return "/usr/bin/tmpshellctl env --format " + format }
	got := func(r rig.Result) map[string]string {
		t.Helper()
		m := map[string]string{}
		for entry := range strings.SplitSeq(r.Stdout, "\x00") {
			name, value, _ := strings.Cut(entry, "=")
			if _, ours := want[name]; ours {
				m[name] = value
			}
		}
		if r.Stderr != "" {
			t.Errorf("stderr: %q", r.Stderr)
		}
		return m
	}
	for name, r := range map[string]rig.Result{
		"dash": run(alice, "/bin/dash", "-c", `eval "$(`+ctl("sh")+`)"; env -0`),
		"bash": run(alice, "/bin/bash", "-c", `eval "$(/usr/bin/tmpshellctl env)"; env -0`),
		"zsh":  run(alice, "/bin/zsh", "-fc", `eval "$(`+ctl("sh")+`)"; env -0`),
		"csh":  run(alice, "/bin/bsd-csh", "-fc", ctl("csh")+" >/home/alice/rc; source /home/alice/rc; env -0"),
		"tcsh": run(alice, "/bin/tcsh", "-fc", ctl("csh")+" >/home/alice/rc; source /home/alice/rc; env -0"),
		// In this locale, fish changes what its programs inherit.
		"fish":        run(alice, "/bin/sh", "-c", ctl("fish")+" >/home/alice/rc; exec fish --no-config -c 'source /home/alice/rc; env -0'"),
		"fish, UTF-8": run(alice, "/usr/bin/env", "LC_ALL=C.UTF-8", "fish", "--no-config", "-c", ctl("fish")+" | source; env -0"),
		"tcsh, UTF-8": run(alice, "/usr/bin/env", "LC_ALL=C.UTF-8", "tcsh", "-fc", ctl("csh")+" >/home/alice/rc; source /home/alice/rc; env -0"),
	} {
		if diff := cmp.Diff(want, got(r)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	var report struct {
		Set   map[string]string
		Unset []string
	}
	r := run(alice, rig.Ctl, "env", "--json")
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatal(err)
	}
	delete(want, "BYTES") // JSON is UTF-8
	if said := "tmpshellctl: BYTES is not UTF-8, which format json cannot say: it is left out\n"; r.Stderr != said || r.Status != 1 {
		t.Errorf("json: %d, %q; want %q", r.Status, r.Stderr, said)
	}
	if diff := cmp.Diff(want, report.Set); diff != "" {
		t.Errorf("json (-want +got):\n%s", diff)
	}

	if r := run(alice, rig.Ctl, "env", "--format", "slurm"); r.Status != 1 || !strings.HasSuffix(r.Stdout, "\nexport EMPTY=\n") || strings.Contains(r.Stdout, "FOLDED") ||
		r.Stderr != "tmpshellctl: FOLDED has a newline, which format slurm cannot say: it is left out\n" {
		t.Errorf("slurm: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}

	zoe := rig.AddUser(t, rig.Account{Name: "zoe", UID: 1001})
	if r := run(zoe, rig.Ctl, "env"); r.Stdout != "" || r.Stderr != "" || r.Status != 0 {
		t.Errorf("an exempt user: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	mount := rig.AddUser(t, rig.Account{Name: "mount", UID: 1002})
	if r := run(mount, rig.Ctl, "env"); strings.Contains(r.Stdout, "TMPDIR='/tmp'") || !strings.Contains(r.Stdout, "SQLITE_TMPDIR=") ||
		r.Stderr != "tmpshellctl: /tmp is private only inside a session: its variables are left out here\n" || r.Status != 1 {
		t.Errorf("outside of a session with method mount: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	if r := mount.Login(t, "tmpshellctl env"); !strings.Contains(r.Stdout, "export TMPDIR='/tmp'\n") || r.Stderr != "" || r.Status != 0 {
		t.Errorf("in a session with method mount: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	// Another user's directory goes.
	foreign := rig.Command{As: zoe, Path: rig.Ctl, Args: []string{"tmpshellctl", "env"}, Env: append(zoe.Env(), "TMPDIR="+alice.Private())}
	foreign.As = rig.AddUser(t, rig.Account{Name: "bob", UID: 1003})
	rig.Configure(t, "Directory /tmp off")
	if r := foreign.Run(t); !strings.HasPrefix(r.Stdout, "unset TMPDIR\n") || r.Status != 0 {
		t.Errorf("another user's TMPDIR: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
	for _, words := range [][]string{
		{"dash", "-c", `eval "$(` + ctl("sh") + `)"; env`},
		{"bsd-csh", "-fc", ctl("csh") + " >/home/bob/rc; source /home/bob/rc; env"},
		{"tcsh", "-fc", ctl("csh") + " >/home/bob/rc; source /home/bob/rc; env"},
		{"fish", "--no-config", "-c", ctl("fish") + " | source; env"},
	} {
		foreign.Path, foreign.Args = "/usr/bin/env", append([]string{"env"}, words...)
		if r := foreign.Run(t); strings.Contains(r.Stdout, "TMPDIR=") || r.Status != 0 || r.Stderr != "" {
			t.Errorf("another user's TMPDIR in %s: %d, %q, %q", words[0], r.Status, r.Stdout, r.Stderr)
		}
	}
	rig.Configure(t, "Directory /tmp mount", "OnFailure deny")
	rig.Must(t, "tmpshellctl", "setup")
	rig.Must(t, "setcap", "-r", rig.Mounter)
	if r := run(mount, rig.Ctl, "env"); r.Stdout != "" || r.Status != 1 || !strings.Contains(r.Stderr, "tmpshellctl: no session could begin: exit status 125") {
		t.Errorf("with OnFailure deny: %d, %q, %q", r.Status, r.Stdout, r.Stderr)
	}
}

// TestShippedSystemd: the generator is run by systemd's own code, and what comes
// after it has the variables; the drop-in is read without complaint.
func TestShippedSystemd(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "systemd-analyze")
	rig.Install(t, "SetEnv "+setHostile()+" FOLDED=${RAW}")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	const generators = "/etc/systemd/user-environment-generators/"
	rig.Write(t, generators+"50-tmpshell", readSource(t, "etc/systemd/user-environment-generators/50-tmpshell"), 0o755)
	// Each generator has the variables of those before it.
	rig.Write(t, generators+"99-witness", "#!/bin/sh\nenv -0 >/home/alice/seen\n", 0o755)
	rig.Write(t, "/etc/systemd/user/e2e.service", "[Service]\nExecStart=/bin/true\n", 0o644)
	alice.Session(t) // makes XDG_RUNTIME_DIR, as pam_systemd would
	r := rig.Command{As: alice, Path: "/usr/bin/systemd-analyze", Args: []string{"systemd-analyze", "--user", "--man=no", "verify", "e2e.service"},
		Env: []string{"HOME=/home/alice", "PATH=/usr/bin:/bin", "XDG_RUNTIME_DIR=" + alice.Private() + "/.runtime", "RAW=" + foldedValue}}.Run(t)
	seen := rig.Sh(t, "tr '\\0' '\\n' </home/alice/seen").Stdout
	for _, want := range []string{"TMPDIR=" + alice.Private(), "TEMP=" + alice.Private(), "XDG_RUNTIME_DIR=" + alice.Private() + "/.runtime", "HOSTILE=" + hostileValue, "FOLDED=" + foldedValue} {
		if !strings.Contains("\n"+seen, "\n"+want+"\n") {
			t.Errorf("a later generator does not see %s, but\n%s\nsystemd-analyze: %d, %s%s", want, seen, r.Status, r.Stdout, r.Stderr)
		}
	}

	const unit = "/etc/systemd/system/user@.service.d/tmpshell.conf"
	verify := func() string {
		r := rig.Sh(t, "systemd-analyze --man=no verify user@1000.service")
		return r.Stdout + r.Stderr
	}
	before := verify()
	rig.Write(t, unit, readSource(t, "etc/systemd/user@.service.d/tmpshell.conf"), 0o644)
	if after := verify(); after != before {
		t.Errorf("systemd-analyze verify said %q, and with the drop-in %q", before, after)
	}
	rig.Write(t, unit, "[Service]\nExecStart=\nExecStart=/nowhere/tmpshell\n", 0o644)
	if after := verify(); after == before {
		t.Error("systemd-analyze verify does not look at the drop-in")
	}
	// What the drop-in starts, with another program in the place of the manager.
	command := ""
	for line := range strings.Lines(readSource(t, "etc/systemd/user@.service.d/tmpshell.conf")) {
		if value, ok := strings.CutPrefix(line, "ExecStart="); ok {
			command = strings.TrimSpace(value)
		}
	}
	rig.Configure(t, "Directory /tmp mount")
	rig.Setup(t)
	words := strings.Fields(strings.Replace(command, "/lib/systemd/systemd --user", "/usr/bin/tmpshellctl env", 1))
	r = rig.Command{As: alice, Path: words[0], Args: words}.Run(t)
	if !strings.Contains(r.Stdout, "export TMPDIR='/tmp'\n") || r.Status != 0 {
		t.Errorf("%q: %d, %q, %q", words, r.Status, r.Stdout, r.Stderr)
	}
}
