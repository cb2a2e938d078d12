package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixTransfer has the programs that talk to one of their own kind at the
// other end of ssh. A single byte too much on stdout breaks each of them. What
// runs at the other end observes before it becomes that program.
func TestMatrixTransfer(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.StartSSHD(t, "UsePAM no",
		"Subsystem sftp /usr/local/bin/observe "+sftpServer,
		"Subsystem internal internal-sftp")
	matrix(t, "over sshd", append(transferCallers(t),
		caller{name: "sftp put, internal-sftp", silent: true, login: bySFTP("put {local} {remote}", "-s", "internal")},
		caller{name: "sftp get, internal-sftp", silent: true, login: bySFTP("get {remote} {local}", "-s", "internal")}))
}

// transferCallers have the server's sftp observe before it becomes sftp-server.
func transferCallers(t *testing.T) []caller {
	t.Helper()
	view.Need(t, "rsync", "git", "sftp", "scp")
	// scp finds its other end by PATH.
	rig.Write(t, "/usr/local/bin/scp", "#!/bin/sh\nexec observe /usr/bin/scp \"$@\"\n", 0o755)
	return []caller{
		{name: "sftp put", login: bySFTP("put {local} {remote}")},
		{name: "sftp get", login: bySFTP("get {remote} {local}")},
		{name: "scp up, by sftp", login: up(scp("-s"))},
		{name: "scp down, by sftp", login: down(scp("-s"))},
		{name: "scp up, -O", login: up(scp("-O"))},
		{name: "scp down, -O", login: down(scp("-O"))},
		{name: "rsync up", login: up(rsync)},
		{name: "rsync down", login: down(rsync)},
		{name: "git push", login: gitPush},
		{name: "git clone", login: gitClone},
	}
}

// move copies a file with a program that names the other end in its own way.
type move func(from, to string) rig.Command

func scp(option string) move {
	return func(from, to string) rig.Command { return rig.SCP(option, from, to) }
}

func rsync(from, to string) rig.Command {
	return command("rsync", "-e", rig.SSHShell(), "--rsync-path=observe rsync", from, to)
}

// command is one of root's own, with root's environment.
func command(args ...string) rig.Command {
	return rig.Command{Path: "/usr/bin/env", Args: append([]string{"env"}, args...), Env: os.Environ()}
}

// ends are a file here and one in the account's home, of which one is there.
func ends(t *testing.T, a *rig.Account, there string) (local, remote string) {
	t.Helper()
	local, remote = filepath.Join(t.TempDir(), "file"), a.Home+"/file"
	rig.Must(t, "rm", "-f", remote)
	if there == "local" {
		rig.Write(t, local, content, 0o644)
	} else {
		rig.Write(t, remote, content, 0o644)
	}
	return local, remote
}

var content = bytesOf(1 << 20)

func arrived(t *testing.T, file string) {
	t.Helper()
	if got, err := os.ReadFile(file); err != nil || string(got) != content {
		t.Errorf("%s: %d bytes, %v; want the %d that were sent", file, len(got), err, len(content))
	}
}

func up(program move) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, _ string) rig.Result {
		local, remote := ends(t, a, "local")
		r := program(local, rig.Host(a)+":file").Run(t)
		arrived(t, remote)
		return r
	}
}

func down(program move) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, _ string) rig.Result {
		local, _ := ends(t, a, "remote")
		r := program(rig.Host(a)+":file", local).Run(t)
		arrived(t, local)
		return r
	}
}

// bySFTP runs one command of sftp's. Its stdout names the local file, which is
// another each time.
func bySFTP(line string, options ...string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, _ string) rig.Result {
		there, arrives := "remote", 0
		if line[:3] == "put" {
			there, arrives = "local", 1
		}
		local, remote := ends(t, a, there)
		c := rig.SFTP(a, options...)
		c.Stdin = strings.NewReplacer("{local}", local, "{remote}", "file").Replace(line) + "\n"
		r := c.Run(t)
		arrived(t, []string{local, remote}[arrives])
		r.Stdout = ""
		return r
	}
}

// repository is a fresh one here with one commit, and one of the account's.
func repository(t *testing.T, a *rig.Account) (here string) {
	t.Helper()
	here = filepath.Join(t.TempDir(), "here")
	r := rig.Sh(t, `set -e; rm -rf "$2"; git init -q "$1"; cd "$1"
		cat >file; git add file
		git -c user.name=root -c user.email=root@localhost commit -q -m one
		git clone -q --bare . "$2"; chown -R "$3" "$2"`, here, a.Home+"/bare", a.Name)
	if r.Status != 0 {
		t.Fatal(r.Stderr)
	}
	return here
}

func git(t *testing.T, dir string, args ...string) rig.Result {
	return command(append([]string{"GIT_SSH_COMMAND=" + rig.SSHShell(), "git", "-C", dir}, args...)...).Run(t)
}

func gitClone(t *testing.T, a *rig.Account, _ string) rig.Result {
	here := repository(t, a)
	r := git(t, here, "clone", "-q", "-u", "observe git-upload-pack", rig.Host(a)+":bare", "clone")
	if want, got := head(t, here), head(t, here+"/clone"); want != got {
		t.Errorf("cloned %q, want %q", got, want)
	}
	return r
}

func gitPush(t *testing.T, a *rig.Account, _ string) rig.Result {
	here := repository(t, a)
	rig.Must(t, "git", "-C", here, "-c", "user.name=root", "-c", "user.email=root@localhost",
		"commit", "-q", "--allow-empty", "-m", "two")
	r := git(t, here, "push", "-q", "--receive-pack=observe git-receive-pack", rig.Host(a)+":bare", "HEAD:master")
	if want, got := head(t, here), head(t, a.Home+"/bare", "master"); want != got {
		t.Errorf("pushed %q, want %q", got, want)
	}
	return r
}

func head(t *testing.T, dir string, ref ...string) string {
	t.Helper()
	return rig.Must(t, "git", append([]string{"-c", "safe.directory=*", "-C", dir, "rev-parse"}, append(ref, "HEAD")[0])...)
}
