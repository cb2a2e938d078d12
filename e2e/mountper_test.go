package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMountPer: per= names a variable, whose value chooses among the instances of the
// user's own that root has made for their jobs, and nothing else.
func TestMountPer(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp mount per=JOB share=.X11-unix/,.s.db", "Directory /var/tmp mount", "Supervise yes",
		"Match User bob", "Directory /tmp mount per=user", "Match User carol", "Directory /tmp env", "Match User dave", "OnFailure deny")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.AddUser(t, rig.Account{Name: "carol", UID: 1002})
	dave := rig.AddUser(t, rig.Account{Name: "dave", UID: 1003})
	const store = "/var/lib/tmpshell/"
	run := func(a *rig.Account, job, script string) rig.Result {
		t.Helper()
		return rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", script}, Env: append(a.Env(), job), Dir: "/"}.Run(t)
	}
	in := func(a *rig.Account, job, script string) string {
		t.Helper()
		r := run(a, job, script)
		if r.Status != 0 || r.Stderr != "" {
			t.Errorf("%s: %d, %q", job, r.Status, r.Stderr)
		}
		return strings.TrimSuffix(r.Stdout, "\n")
	}
	there := func(path string) bool {
		_, err := os.Stat(path)
		return err == nil
	}

	if out := rig.Must(t, "tmpshellctl", "job", "alice", "17"); out != store+"1000.17/tmp\n" {
		t.Errorf("job prints %q; want the instance", out)
	}
	rig.Must(t, "tmpshellctl", "job", "1002", "17") // of method env
	rig.CheckDir(t, store+"1000.17", 0, 0, 0o700)
	if got := rig.Must(t, "stat", "-c", "%u:%g %a", store+"1000.17/tmp"); got != "0:0 1777\n" {
		t.Errorf("the instance of the job is %q; want it as /tmp is", got)
	}
	for _, bad := range []string{"bob 17", "alice ../1001", "alice .17"} {
		if r := rig.Sh(t, "tmpshellctl job "+bad); r.Status == 0 {
			t.Errorf("job %s: %q; want it to be refused", bad, r.Stdout)
		}
	}

	// The value that root has made something for, and any other.
	if got := in(alice, "JOB=17", "touch /tmp/of17 /var/tmp/own; echo $TMPDIR $XDG_RUNTIME_DIR; ls -A /tmp"); got != "/tmp /tmp/.runtime\n.X11-unix\n.runtime\n.s.db\nof17" {
		t.Errorf("in job 17 there is %q", got)
	}
	if there(store + "1000/tmp/of17") {
		t.Error("what was made in job 17 is in the user's own directory")
	}
	for _, job := range []string{"NONE=17", "JOB="} {
		if got := in(alice, job, "ls /tmp; ls /var/tmp; touch /var/tmp/own"); strings.Contains(got, "of17") {
			t.Errorf("%q: %q; want the user's own directory", job, got)
		}
	}
	missing := func(uid, job string) string {
		return "tmpshell: no private directory in /tmp: " + store + uid + "." + job + "/tmp was not made for this batch job"
	}
	log := rig.ListenSyslog(t)
	const none = "tmpshell: no private directory in /tmp: JOB names no batch job"
	for job, why := range map[string]string{"18": missing("1000", "18"), "1002.17": missing("1000", "1002.17"), "../1000.17": none, "17/": none,
		"17/../17": none, ".": none, "17\n": none, strings.Repeat("1", 5000): none} {
		r := run(alice, "JOB="+job, "ls /tmp; ls /var/tmp; touch /var/tmp/own")
		if r.Status != 0 || strings.Contains(r.Stdout, "of17") {
			t.Errorf("JOB=%q: %d, %q; want the user's own directory", job[:min(len(job), 20)], r.Status, r.Stdout)
		}
		if want := why + "; using " + store + "1000/tmp\n"; r.Stderr != want {
			t.Errorf("JOB=%q: %q; want %q", job[:min(len(job), 20)], r.Stderr, want)
		}
		if r = run(dave, "JOB="+job, "echo begun"); r.Status != 125 || r.Stdout != "" || r.Stderr != strings.ReplaceAll(why, "1000.", "1003.")+"\n" {
			t.Errorf("with OnFailure deny, JOB=%q: %d, %q, %q; want no session", job[:min(len(job), 20)], r.Status, r.Stdout, r.Stderr)
		}
	}
	log.Expect(t, "fallback uid=1000 user=alice: no private directory in /tmp: "+store+"1000.18/tmp was not made for this batch job")
	log.Expect(t, "denied uid=1003 user=dave: no private directory in /tmp: "+store+"1003.18/tmp was not made for this batch job")
	if got := in(dave, "NONE=17", "echo begun"); got != "begun" {
		t.Errorf("with OnFailure deny, and no job: %q; want a session", got)
	}
	if got := in(bob, "JOB=17", "ls /tmp"); strings.Contains(got, "of17") {
		t.Errorf("bob, of per=user, sees %q", got)
	}

	// A session inside stays where it is, with and without the variable.
	if got := in(alice, "JOB=17", "tmpshell -c 'ls /tmp'; env -u JOB tmpshell -c 'ls /tmp'; JOB=18 tmpshell -c 'ls /tmp'; tmpshellctl env --format slurm | grep ' TMPDIR'"); got != "of17\nof17\nof17\nexport TMPDIR=/tmp" {
		t.Errorf("inside a session of job 17 there is %q", got)
	}

	// A file of it is called otherwise outside, and another session's is not there.
	for _, c := range []struct{ job, args, want string }{
		{"JOB=17", "/tmp/of17", store + "1000.17/tmp/of17"},
		{"JOB=17", "/var/tmp/f", store + "1000/var-tmp/f"},
		{"JOB=17", "--inside " + store + "1000.17/tmp/of17", "/tmp/of17"},
		{"JOB=17", "--inside " + store + "1000/tmp/f", ""},
		{"NONE=17", "/tmp/of17", store + "1000/tmp/of17"},
		{"NONE=17", "--inside " + store + "1000.17/tmp/of17", ""},
		{"NONE=17", "--job 17 /tmp/of17", store + "1000.17/tmp/of17"},
		{"NONE=17", "--job ../17 /tmp/of17", ""},
	} {
		if r := run(alice, c.job, "exec tmpshellctl path "+c.args); strings.TrimSpace(r.Stdout) != c.want || (r.Status == 0) != (c.want != "") {
			t.Errorf("%s, path %s: %d, %q, %q; want %q", c.job, c.args, r.Status, r.Stdout, r.Stderr, c.want)
		}
	}
	if got := rig.Must(t, "tmpshellctl", "path", "--user", "alice", "--job", "17", "/tmp/of17"); !there(strings.TrimSpace(got)) {
		t.Errorf("root is told that a file of job 17 is %q; want where it is", got)
	}
	if r := rig.Sh(t, "tmpshellctl path --user bob --job 17 /tmp/f"); r.Status == 0 || r.Stdout != "" {
		t.Errorf("of per=user, a file of job 17 is %q; want an error", r.Stdout)
	}

	// The end of the user's sessions takes what is theirs, and not what is the job's.
	if !there(store+"1000.17/tmp/of17") || !there("/tmp/.private/1002.17") {
		t.Error("the directory of the job has gone with the session")
	}
	rig.Must(t, "tmpshellctl", "job", "alice", "18")
	rig.Must(t, "tmpshellctl", "clean", "--job", "17")
	if there(store+"1000.17") || there("/tmp/.private/1002.17") || !there(store+"1000.18/tmp") {
		t.Error("after the end of job 17, that of 17 is left or that of 18 is gone")
	}
	rig.Await(t, func() string { return "after a boot, job 18 has a directory" }, func() bool {
		rig.Must(t, "tmpshellctl", "clean", "--boot", "--contained") // the last session may be ending
		return !there(store + "1000.18/tmp")
	})

	// What no epilog has removed, a run for everybody does.
	rig.Must(t, "tmpshellctl", "job", "alice", "19")
	rig.Must(t, "tmpshellctl", "job", "carol", "19")
	if r := rig.Sh(t, "tmpshellctl clean --contained"); !there(store+"1000.19/tmp") || !there("/tmp/.private/1002.19") {
		t.Errorf("directories of a day are gone: %q, %q", r.Stdout, r.Stderr)
	}
	rig.Must(t, "tmpshellctl", "clean", "--grace", "0", "--contained")
	if there(store+"1000.19") || there("/tmp/.private/1002.19") {
		t.Error("without an epilog, the directories of job 19 stay")
	}
}

// TestMountPerFollow: what lets a session keep a working directory that its user may not
// search follows no link of theirs. One leads into the store here, to the very directory:
// there it would have none of the options of a mount, such as noexec.
func TestMountPerFollow(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Directory /tmp mount per=JOB options=noexec")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Must(t, "tmpshellctl", "job", "alice", "17")
	rig.Must(t, "mkfifo", "-m", "666", "/var/tmp/begun", "/var/tmp/end")
	if r := alice.Login(t, "ln -s /var/lib/tmpshell/1000.17/tmp/d /tmp/d"); r.Status != 0 {
		t.Fatalf("%+v", r)
	}
	// The second one joins the first one, from inside the job's.
	const inner = "(unset JOB; exec -a tmpshell " + rig.Mounter + " -c '"
	r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", "mkdir /tmp/d; cp /bin/true /tmp/d/x; " +
		inner + "echo >/var/tmp/begun; read x </var/tmp/end') & read x </var/tmp/begun; cd /tmp/d; " +
		inner + "readlink /tmp/d; pwd -P; ./x'); echo >/var/tmp/end; wait"},
		Env: append(alice.Env(), "JOB=17"), Dir: "/"}.Run(t)
	if want := "/var/lib/tmpshell/1000.17/tmp/d\n/tmp/d\n"; r.Stdout != want || !strings.Contains(r.Stderr, "./x: Permission denied") {
		t.Errorf("%+v; want %q, and a program that is not executed", r, want)
	}
}
