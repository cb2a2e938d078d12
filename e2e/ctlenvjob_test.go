package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestCtlEnvJob: with --job, the variables name what root has made for a batch job of
// the caller's. Where that is not to be had, OnFailure says what is printed.
func TestCtlEnvJob(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Must(t, "install", "-d", "-m", "1777", "/var/cache/jobs")
	rig.Install(t, "SetEnv AT=${TMPDIR}/x", "Directory /var/cache/jobs env variables=WORK", "Exempt root zoe",
		"Match User denied", "OnFailure deny", "Match User never", "Directory /tmp env inherit=no", "Match User silent", "Log none")
	users := map[string]*rig.Account{}
	for i, name := range []string{"alice", "denied", "never", "silent", "zoe"} {
		users[name] = rig.AddUser(t, rig.Account{Name: name, UID: 1000 + uint32(i)})
	}
	for _, name := range []string{"alice", "denied", "never"} {
		rig.Must(t, "tmpshellctl", "job", name, "17")
	}
	rig.Must(t, "tmpshellctl", "job", "--directory", "/var/cache/jobs", "alice", "18")
	rig.Must(t, "tmpshellctl", "job", "alice", "20")
	rig.Must(t, "chmod", "0777", "/tmp/.private/1000.20")
	log := rig.ListenSyslog(t)

	// What it prints, as a shell takes it.
	const script = `said=$(TMP=$HOME/tmp tmpshellctl env --job "$0"); echo $?; eval "$said"; echo $TMPDIR $TMP $WORK $AT`
	const missing = "tmpshellctl: no private directory in /tmp: /tmp/.private/"
	own := func(uid string) string {
		return "0\n/tmp/.private/" + uid + " /tmp/.private/" + uid + " /var/cache/jobs/.private/" + uid + " /tmp/.private/" + uid + "/x\n"
	}
	for _, c := range []struct{ user, job, stdout, stderr string }{
		{"alice", "17", "0\n/tmp/.private/1000.17 /tmp/.private/1000.17 /var/cache/jobs/.private/1000 /tmp/.private/1000.17/x\n", ""},
		{"denied", "17", "0\n/tmp/.private/1001.17 /tmp/.private/1001.17 /var/cache/jobs/.private/1001 /tmp/.private/1001.17/x\n", ""},
		{"never", "17", own("1002"), ""},
		{"zoe", "17", "0\n\n", ""},
		{"denied", "18", "1\n\n", missing + "1001.18 was not made for this batch job\n"},
		{"silent", "19", own("1003"), missing + "1003.19 was not made for this batch job; using /tmp/.private/1003\n"},
		{"alice", "../17", "1\n\n", "tmpshellctl: \"../17\" is no name of a job: that has up to 32 letters, digits or _-.[]\n"},
		{"alice", "", own("1000"), ""},
	} {
		a := users[c.user]
		if strings.Contains(c.stdout, ".17") { // a directory of theirs, which a session without --job keeps
			rig.Must(t, "install", "-d", "-m", "700", "-o", c.user, a.Home+"/tmp")
		}
		r := rig.Command{As: a, Path: "/bin/sh", Args: []string{"sh", "-c", script, c.job}, Env: a.Env(), Dir: "/"}.Run(t)
		rig.Must(t, "rm", "-rf", a.Home+"/tmp")
		if r.Stdout != c.stdout || r.Stderr != c.stderr {
			t.Errorf("%s, job %q: %q, %q; want %q, %q", c.user, c.job, r.Stdout, r.Stderr, c.stdout, c.stderr)
		}
	}
	log.Expect(t, "tmpshellctl", "denied uid=1001 user=denied: no private directory in /tmp: /tmp/.private/1001.18 was not made for this batch job")
	for _, c := range []struct{ job, stdout, stderr string }{
		{"18", "0\n/tmp/.private/1000 /tmp/.private/1000 /var/cache/jobs/.private/1000.18 /tmp/.private/1000/x\n",
			missing + "1000.18 was not made for this batch job; using /tmp/.private/1000\n"},
		{"20", own("1000"), missing + "1000.20 can be written by others: mode 0777; using /tmp/.private/1000\n"},
	} {
		a := users["alice"]
		r := rig.Command{As: a, Path: "/bin/sh", Args: []string{"sh", "-c", script, c.job}, Env: a.Env(), Dir: "/"}.Run(t)
		if r.Stdout != c.stdout || r.Stderr != c.stderr {
			t.Errorf("job %s: %q, %q; want %q, %q", c.job, r.Stdout, r.Stderr, c.stdout, c.stderr)
		}
	}
	log.Expect(t, "tmpshellctl", "fallback uid=1000 user=alice: no private directory in /tmp: /tmp/.private/1000.18 was not made for this batch job; using /tmp/.private/1000")
	for _, l := range log.Tmpshell() {
		if strings.Contains(l, "uid=1003") {
			t.Errorf("with Log none, the log has %q", l)
		}
	}

	// What cannot be made is in the log; that there is nothing to be made is not.
	log.Forget()
	rig.Sh(t, "tmpshellctl job zoe 21")
	if lines := log.Tmpshell(); len(lines) > 0 {
		t.Errorf("of an exempt user, the log has %q", lines)
	}
	rig.Sh(t, "tmpshellctl job nobody-such 21")
	log.Expect(t, "tmpshellctl", "job: no directory for batch job 21 of nobody-such in /tmp: ")
}
