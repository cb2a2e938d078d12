package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestBatch: the commands and the ways of docs/batch.md, as an engine would begin a job:
// a prologue, the job by each way, an epilogue.
func TestBatch(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User mount", "Directory /tmp mount per=PBS_JOBID")
	const job = "17[3].server"
	for uid, name := range map[uint32]string{1000: "env", 1001: "mount"} {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uid})
		path := strings.TrimSpace(rig.Must(t, "sh", "-c", `user=$1; job=$2; tmpshellctl job "$user" "$job"`, "sh", name, job))
		dir, vars := path, []string{"TMPDIR=" + path}
		if name == "mount" { // whatever TMPDIR the engine has from the node of the login
			dir, vars = "/tmp", []string{"PBS_JOBID=" + job, "TMPDIR=/tmp/.private/4711"}
		}
		const script = `echo "$TMPDIR $TMP"; f=$(mktemp) && echo "${f%/*}"; set -- "$TMPDIR"/tmp.*; echo $#` + "\n"
		rig.Write(t, a.Home+"/plain", script, 0o755)
		rig.Write(t, a.Home+"/private", "#!/usr/bin/tmpshell\n"+script, 0o755)
		rig.Write(t, a.Home+"/shell", "#!/bin/sh\necho \"$TMPDIR\"\n", 0o755)
		for i, way := range []struct {
			name, path string
			args       []string
		}{
			{"on the standard input", rig.Tmpshell, []string{"-tmpshell"}},
			{"as an argument", rig.Tmpshell, []string{"tmpshell", a.Home + "/plain"}},
			{"as an argument of a login shell", rig.Tmpshell, []string{"-tmpshell", a.Home + "/plain"}},
			{"#!/usr/bin/tmpshell", a.Home + "/private", []string{"private"}},
			{"--exec", rig.Tmpshell, []string{"tmpshell", "--exec", "--", "/bin/sh", a.Home + "/plain"}},
		} {
			c := rig.Command{As: a, Path: way.path, Args: way.args, Env: append(a.Env(), vars...), Dir: a.Home}
			if i == 0 {
				c.Stdin = script
			}
			// Each finds what those before it have made.
			want := dir + " " + dir + "\n" + dir + "\n" + string(rune('1'+i)) + "\n"
			if r := c.Run(t); r.Stdout != want || r.Stderr != "" || r.Status != 0 {
				t.Errorf("%s, %s: %d, %q, %q; want %q", name, way.name, r.Status, r.Stdout, r.Stderr, want)
			}
		}
		r := rig.Command{As: a, Path: a.Home + "/shell", Args: []string{"shell"}, Env: append(a.Env(), vars...), Dir: a.Home}.Run(t)
		if want := strings.TrimPrefix(vars[len(vars)-1], "TMPDIR=") + "\n"; r.Stdout != want {
			t.Errorf("%s, #!/bin/sh: %q; want no session, and %q", name, r.Stdout, want)
		}
		rig.Must(t, "sh", "-c", `job=$1; tmpshellctl clean --job "$job"`, "sh", job)
		if _, err := os.Stat(path); err == nil {
			t.Errorf("after the epilogue %s is there", path)
		}
	}
}
