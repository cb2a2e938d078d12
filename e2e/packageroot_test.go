package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// cleanRoots is where e2e/roots.sh keeps clean systems.
const cleanRoots = "/var/cache/tmpshell-e2e"

// suites are the clean systems to install packages in: those that e2e/roots.sh makes for
// this seed, or one for another processor, if the programs under test are for that.
func suites(t *testing.T) []string {
	list := []string{"bookworm", "trixie"}
	if !sample.All() {
		list = list[sample.Seed()%2:][:1]
	}
	made := "e2e/roots.sh"
	if cpu, qemu, err := view.Processor(); err != nil {
		t.Fatal(err)
	} else if qemu != "" {
		list, made = []string{"trixie-" + cpu}, "e2e/foreignroot.sh "+cpu
	}
	for _, s := range list {
		if _, err := os.Stat(filepath.Join(cleanRoots, s+".tar")); err != nil {
			view.Missing(t, fmt.Sprintf("%v: run TMPSHELL_SEED=%d %s", err, sample.Seed(), made))
		}
	}
	return list
}

// cleanRoot is a clean system, in a mount namespace of its own of which it is the
// root: a session's namespace could not be entered from a chroot(2).
type cleanRoot struct {
	dir string // where it is seen outside
	pid string // of a process in the namespace
}

// newCleanRoot unpacks one, with the packages in /packages.
func newCleanRoot(t *testing.T, suite string) cleanRoot {
	t.Helper()
	const dir = "/mnt"
	rig.Must(t, "sh", "-ec", `
		mount -t tmpfs -o mode=755 root $1
		tar -C $1 -xf "$2" --exclude='./dev/*'
		mkdir $1/packages
		mount --bind "$3" $1/packages
		mount --rbind /dev $1/dev
		mount -t proc proc $1/proc
		mount -t tmpfs -o mode=1777 tmp $1/tmp
		mount -t tmpfs -o mode=755 run $1/run`, "sh", dir, filepath.Join(cleanRoots, suite+".tar"), packagesDir)
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-ec",
		`cd $1; pivot_root . mnt; exec chroot . sh -ec 'umount -l /mnt; echo ready; read end'`, "sh", dir)
	end, err := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err = errors.Join(err, err2, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the clean root: %q, %v", line, err)
	}
	t.Cleanup(func() {
		_ = end.Close()
		_ = cmd.Wait()
		rig.Must(t, "umount", "-R", "-l", dir)
	})
	return cleanRoot{dir, strconv.Itoa(cmd.Process.Pid)}
}

// command is one to run as root in the system.
func (r cleanRoot) command(args ...string) rig.Command {
	return rig.Command{
		Path: "/usr/bin/nsenter",
		Args: append([]string{"nsenter", "--target", r.pid, "--mount", "--"}, args...),
		Env:  []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "HOME=/root"},
	}
}

// run runs a script as root in the system, and reports an exit status that is not the
// wanted one, or an output without one of the texts.
func (r cleanRoot) run(t *testing.T, status int, script string, texts ...string) string {
	t.Helper()
	got := r.command("sh", "-c", script).Run(t)
	said := got.Stdout + got.Stderr
	bad := got.Status != status
	for _, text := range texts {
		bad = bad || !strings.Contains(said, text)
	}
	if bad {
		t.Errorf("%s: status %d\n%s\nwant status %d and %q", script, got.Status, said, status, texts)
	}
	t.Logf("# %s\n%s", script, said)
	return said
}

// login is one of an account, by a program: as su makes it, but for PAM.
func (r cleanRoot) login(t *testing.T, uid int, program, script string) rig.Result {
	t.Helper()
	id := strconv.Itoa(uid)
	return r.command("setpriv", "--reuid", id, "--regid", id, "--clear-groups",
		"env", "-i", "HOME=/", "PATH=/usr/bin:/bin", program, "-c", script).Run(t)
}

// stayer is a session that lives on while packages come and go.
type stayer struct {
	cmd    *exec.Cmd
	in     *os.File
	lines  *bufio.Reader
	errors strings.Builder
}

const stayerScript = `f=$(mktemp) && echo kept >$f && echo $TMPDIR && while read line; do cat $f && mktemp >/dev/null && ls $TMPDIR | wc -l; done`

func (r cleanRoot) stay(t *testing.T, uid int, program, want string) *stayer {
	t.Helper()
	id := strconv.Itoa(uid)
	c := r.command("setpriv", "--reuid", id, "--regid", id, "--clear-groups",
		"env", "-i", "HOME=/", "PATH=/usr/bin:/bin", program, "-c", stayerScript)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &stayer{cmd: &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stdin: read}, in: write}
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	s.cmd.Stderr = &s.errors
	out, err := s.cmd.StdoutPipe()
	if err = errors.Join(err, s.cmd.Start(), read.Close()); err != nil {
		t.Fatal(err)
	}
	s.lines = bufio.NewReader(out)
	if line, err := s.lines.ReadString('\n'); line != want+"\n" {
		t.Fatalf("the session that stays: TMPDIR is %q, %v; want %s", line, err, want)
	}
	return s
}

// check asks the session whether all is as it was for it.
func (s *stayer) check(t *testing.T, files int) {
	t.Helper()
	if _, err := s.in.WriteString("\n"); err != nil {
		t.Error(err)
		return
	}
	line, err := s.lines.ReadString('\n')
	count, err2 := s.lines.ReadString('\n')
	if line != "kept\n" || strings.TrimSpace(count) != strconv.Itoa(files) {
		t.Errorf("the session that stayed says %q, %q, %v; want kept, %d", line, count, errors.Join(err, err2), files)
	}
}

// end has the session end, and tells whether it ended well.
func (s *stayer) end(t *testing.T) {
	t.Helper()
	_ = s.in.Close()
	if err := s.cmd.Wait(); err != nil || s.errors.String() != "" {
		t.Errorf("the session that stayed: %v, %q", err, s.errors.String())
	}
}
