package e2e

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/e2e/witness"
	"tmpshell/internal/capset"
)

// TestStartsMounted: the same with methods mount and tmpfs, with grants, and on
// a machine where the session program has file capabilities for somebody else. What
// was configured differs, what the kernel does at the execve(2) of the session
// program where that has something to give, and nothing else.
func TestStartsMounted(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	table := startTable{ways: furnishMounted(t)}
	table.run(t)
	t.Run("few descriptors", func(t *testing.T) {
		for _, w := range table.ways {
			for n := uint64(4); n <= leastFiles; n++ {
				if !w.mounted {
					continue
				}
				w.prepare(t)
				o, err := w.through(startState{steps: []string{limit(unix.RLIMIT_NOFILE, n, n)}}).Run(t)
				if err != nil {
					t.Fatal(err)
				}
				mounted := o.Facts.Has("environment: TMPDIR=/tmp") && o.Status == 0 && o.Stderr == ""
				refused := o.Facts.Count() == 0 && o.Status.ExitStatus() == 125 && strings.HasSuffix(o.Stderr, ": too many open files; no session\n") && strings.Count(o.Stderr, "\n") == 1
				if !mounted && (n >= leastFiles || !refused) {
					t.Errorf("%s, %d files: mounted: %v, refused: %v; status %#x, stderr %q", w.name, n, mounted, refused, int(o.Status), o.Stderr)
				}
			}
		}
	})
}

// configured is what a way to be started needs of the machine.
type configured struct {
	conf string
	// xattr holds the session program's capabilities, as setup made them for
	// conf.
	xattr []byte
	caps  capset.Set // the same
	// mounted: the session has something else on /tmp.
	mounted bool
	// effects are all the differences that this way makes.
	effects []effect
}

const (
	store         = "/var/lib/tmpshell/21000"
	storeAside    = store + ".aside"
	sessions      = "/run/tmpshell/sessions/21000"
	sessionsAside = sessions + ".aside"
	capability    = "security.capability"

	// wayConf is the part of the configuration that changes: one state has
	// the other file open.
	wayConf = "/etc/tmpshell.way"
)

// furnishMounted lists the ways. Every one has a configuration, and the session
// program has what tmpshellctl setup gives it for that.
func furnishMounted(t *testing.T) []startWay {
	t.Helper()
	plain := furnishStarts(t)
	shell, program := plain[0], plain[2]
	rig.AddUser(t, rig.Account{Name: "bob", UID: 21002})
	rig.Configure(t, "Shell "+witness.Probe, "Exempt exempt", "Include "+wayConf)
	var list []startWay
	way := func(name string, from startWay, effects func(capset.Set) []effect, conf ...string) *startWay {
		c := configured{conf: strings.Join(conf, "\n") + "\n"}
		rig.Write(t, wayConf, c.conf, 0o644)
		rig.Setup(t)
		c.xattr, c.caps = mounterCaps(t), capset.OfFile(rig.Mounter)
		if effects != nil {
			c.effects = append(ofKernel(c.caps), effects(c.caps)...)
		}
		from.name, from.configured = name, &c
		list = append(list, from)
		return &list[len(list)-1]
	}
	mounted := func(w *startWay) *startWay { w.mounted = true; return w }
	mounts := func(file capset.Set) []effect { return ofMounts(file, "") }
	grants := func(file capset.Set) []effect { return ofGrant(file, netRaw) }
	const (
		mount = "Directory /tmp mount"
		// Other flags, so that no older session has the namespace.
		alone = "Directory /tmp mount options=noexec"
	)
	joins := mounted(way("a user's shell, /tmp mount, beside a session", shell, mounts, mount))
	joins.prepare(t)
	older := keepSession(t, joins.account)
	beside := func(file capset.Set) []effect { return ofMounts(file, older) }
	joins.effects = append(ofKernel(joins.caps), beside(joins.caps)...)
	mounted(way("a user's shell, /tmp mount, alone", shell, mounts, alone))
	mounted(way("a user's shell, /tmp mount, the first login", shell, mounts, mount)).fresh = true
	mounted(way("a user's tmpshell --exec, beside a session", program, beside, mount))
	mounted(way("a user's shell, /tmp tmpfs", shell, mounts, "Directory /tmp tmpfs"))
	way("a user's shell, Ambient cap_net_raw", shell, grants, "Ambient cap_net_raw")
	way("a user's shell, NoNewPrivileges yes", shell, func(capset.Set) []effect { return ofNoNewPrivileges() }, "NoNewPrivileges yes")
	way("a user's shell, another user's /tmp mount", shell, nil, "Match User bob", mount)
	way("the same, the first login", shell, nil, "Match User bob", mount).fresh = true
	way("a user's shell, Supervise yes", shell, func(capset.Set) []effect { return nil }, "Supervise yes").fresh = true
	return list
}

// keepSession leaves a session of the account's running until the test ends,
// and returns its mount namespace.
func keepSession(t *testing.T, a *rig.Account) string {
	t.Helper()
	cmd := exec.Command(rig.Tmpshell, "--exec", "/bin/sh", "-c", "readlink /proc/self/ns/mnt; exec cat")
	cmd.Env, cmd.Dir = a.Env(), "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential()}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(strings.TrimPrefix(line, "mnt:["), "]\n")
}

func mounterCaps(t *testing.T) []byte {
	t.Helper()
	buf := make([]byte, 64)
	n, err := unix.Getxattr(rig.Mounter, capability, buf)
	if err == unix.ENODATA {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

// configure makes the machine the one that the way needs.
func (c *configured) configure(t *testing.T) {
	t.Helper()
	if text, err := os.ReadFile(wayConf); err != nil || string(text) != c.conf {
		rig.Write(t, wayConf, c.conf, 0o644)
		rig.Setup(t) // the policy: not every state is one in which a login can have it made
	}
	have := mounterCaps(t)
	var err error
	switch {
	case slices.Equal(have, c.xattr):
	case c.xattr == nil:
		err = unix.Removexattr(rig.Mounter, capability)
	default:
		err = unix.Setxattr(rig.Mounter, capability, c.xattr, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// aside moves what stands for /tmp out of the way, or back: the older session
// goes on having it.
func aside(t *testing.T, away bool) {
	t.Helper()
	for from, to := range map[string]string{store: storeAside, sessions: sessionsAside} {
		_, err := os.Lstat(to)
		isAside := err == nil
		err = nil
		if isAside {
			err = os.RemoveAll(from)
		}
		switch {
		case away && !isAside:
			err = os.Rename(from, to)
		case !away && isAside:
			err = errors.Join(err, os.Rename(to, from))
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}
