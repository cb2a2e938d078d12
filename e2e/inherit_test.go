package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// showTmp prints the four variables, and where a program puts its file.
const showTmp = `echo "$TMPDIR $TMP $TEMP $TEMPDIR"; f=$(mktemp) && echo "${f%/*}"`

// named is what showTmp prints where all of the variables name one directory.
func named(dir string) string { return strings.Repeat(dir+" ", 3) + dir + "\n" + dir + "\n" }

// TestInherit: what a batch system, a crontab or a client of ssh has set stays
// where it is the user's own.
func TestInherit(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "cron", "crontab")
	rig.Install(t, "Match User mount", "Directory /tmp mount", "Match User tmpfs", "Directory /tmp tmpfs",
		"Match User linked", "Directory /tmp mount link=TMPDIR", "Match User never", "Directory /tmp env inherit=no")
	var users []*rig.Account
	for i, name := range []string{"env", "mount", "tmpfs", "linked", "never"} {
		users = append(users, rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i)}))
	}
	rig.StartSSHD(t, "UsePAM no", "AcceptEnv TMPDIR TMP")
	rig.Must(t, "sh", "-ec", "mkdir -p -m 755 /var/lib/scratch /var/lib/node; ln -s node /var/lib/link; mkdir -m 1777 /var/lib/node/all")
	batch := func(a *rig.Account, env ...string) rig.Result {
		return rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"-tmpshell"}, Env: append(a.Env(), env...), Dir: a.Home, Stdin: showTmp + "\n"}.Run(t)
	}
	for _, a := range users {
		private := map[string]string{"env": a.Private(), "mount": "/tmp", "tmpfs": "/tmp", "linked": "/tmp", "never": a.Private()}[a.Name]
		job, linked, shared := "/var/lib/scratch/job."+a.Name, "/var/lib/link/all/job."+a.Name, "/tmp/job."+a.Name
		rig.Must(t, "install", "-d", "-o", a.Name, "-m", "700", job, linked, shared, a.Home+"/data")
		kept := func(dir string) string {
			if a.Name == "never" {
				return named(private)
			}
			return named(dir)
		}
		outside := kept(shared) // which a mount hides
		if private == "/tmp" && a.Name != "linked" {
			outside = named("/tmp")
		}
		ssh := rig.SSH(a, "-o", "SetEnv=TMPDIR="+job)
		ssh.Args = append(ssh.Args, showTmp)
		inCrontab := byCron(func(t *testing.T, a *rig.Account, job string) {
			file := filepath.Join(t.TempDir(), "crontab")
			rig.Write(t, file, "MAILTO=\"\"\nSHELL="+a.Shell+"\nTMPDIR="+a.Home+"/data\n@reboot ("+strings.ReplaceAll(strings.ReplaceAll(job, "observe", showTmp), "%", `\%`)+") >"+a.Home+"/said\n", 0o644)
			rig.Must(t, "crontab", "-u", a.Name, file)
			t.Cleanup(func() { rig.Must(t, "crontab", "-r", "-u", a.Name) })
		})
		for _, c := range []struct {
			name string
			r    func() rig.Result
			want string
		}{
			{"a job, by the login shell on its input", func() rig.Result { return batch(a, "TMPDIR="+job) }, kept(job)},
			{"and behind a link of root's", func() rig.Result { return batch(a, "TMPDIR="+linked) }, kept(linked)},
			{"and in the shared directory", func() rig.Result { return batch(a, "TMPDIR="+shared) }, outside},
			{"a job's TMP alone", func() rig.Result { return batch(a, "TMP="+job) }, kept(job)},
			{"of another node", func() rig.Result { return batch(a, "TMPDIR=/var/lib/scratch/job.4711", "TMP=/tmp/.private/4711") }, named(private)},
			{"the shared one", func() rig.Result { return batch(a, "TMPDIR=/tmp", "TMP=/var/tmp") }, named(private)},
			{"TMPDIR=… ssh", func() rig.Result { return ssh.Run(t) }, kept(job)},
			{"a crontab's", func() rig.Result {
				inCrontab(t, a, "")
				text, err := os.ReadFile(a.Home + "/said")
				if err != nil {
					t.Error(err)
				}
				return rig.Result{Stdout: string(text)}
			}, kept(a.Home + "/data")},
		} {
			if r := c.r(); r.Stdout != c.want || r.Stderr != "" || r.Status != 0 {
				t.Errorf("%s, %s: status %d, stdout %q, stderr %q; want %q", a.Name, c.name, r.Status, r.Stdout, r.Stderr, c.want)
			}
		}
	}
	t.Run("two", func(t *testing.T) {
		r := batch(users[0], "TMPDIR=/home/env/data", "TEMP=/var/lib/scratch/job.env", "TMP=/etc")
		if want := "/home/env/data /home/env/data /var/lib/scratch/job.env /home/env/data\n/home/env/data\n"; r.Stdout != want {
			t.Errorf("%q; want %q", r.Stdout, want)
		}
	})
	t.Run("no private directory", func(t *testing.T) {
		rig.MountTmp(t, "-t", "tmpfs", "-o", "mode=0777", "tmp")
		r := batch(users[0], "TMPDIR=/home/env/data")
		if r.Stdout != named("/home/env/data") {
			t.Errorf("%q; the caller's own directory is as good as before", r.Stdout)
		}
	})
}

// TestInheritAttacked: a variable stays only where nobody else has a say in
// what it names, now or later.
func TestInheritAttacked(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "bindfs", "mountpoint")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.Must(t, "mknod", "-m", "666", "/dev/fuse", "c", "10", "229")
	rig.Write(t, "/etc/fuse.conf", "user_allow_other\n", 0o644)
	rig.Must(t, "install", "-d", "-o", "alice", "-m", "700", "/home/alice/own", "/home/alice/group", "/tmp/hers")
	rig.Must(t, "chmod", "g+w", "/home/alice/group")
	rig.Must(t, "install", "-d", "-m", "777", "/var/lib/open")
	rig.Must(t, "install", "-d", "-o", "alice", "-m", "700", "/var/lib/open/hers")
	// bob has a link that leads to a directory of hers, and a server that tells
	// everybody that all of it is theirs, 0700.
	r := rig.Command{As: bob, Path: "/bin/sh", Args: []string{"sh", "-ec", `ln -s /home/alice/own /tmp/link; mkdir src /tmp/fuse; mkdir -m 777 src/x
		bindfs -o allow_other --mirror=alice --perms=0700 src /tmp/fuse; until mountpoint -q /tmp/fuse; do sleep 0.01; done`}, Dir: bob.Home}.Run(t)
	if r.Status != 0 {
		t.Fatal(r.Stderr)
	}
	t.Cleanup(func() { rig.Sh(t, "umount -l /tmp/fuse") })
	for _, c := range []struct {
		dir  string
		kept bool
	}{
		{"/home/alice/own", true},
		{"/tmp/hers", true},
		{"/home/alice/group", false},
		{"/var/lib/open/hers", false},
		{"/tmp/link", false},
		{"/tmp/fuse", false},
		{"/tmp/fuse/x", false},
		{"/proc/self/cwd", false},
		{"own", false},
	} {
		// To a program that looks at the directory alone, it is hers.
		script := `stat -L -c '%u %a' "$1"`
		if r := (rig.Command{As: alice, Path: "/bin/sh", Args: []string{"sh", "-c", script, "sh", c.dir}, Dir: alice.Home + "/own"}).Run(t); !strings.HasPrefix(r.Stdout, "1000 ") && c.dir != "own" {
			t.Errorf("%s: %q, %q; this shows nothing", c.dir, r.Stdout, r.Stderr)
		}
		r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", showTmp}, Env: append(alice.Env(), "TMPDIR="+c.dir), Dir: alice.Home + "/own"}.Run(t)
		want := named(alice.Private())
		if c.kept {
			want = named(c.dir)
		}
		if r.Stdout != want || r.Status != 0 {
			t.Errorf("%s: status %d, %q, %q; want %q", c.dir, r.Status, r.Stdout, r.Stderr, want)
		}
	}
}
