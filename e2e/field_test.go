package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// Situations of docs/field.md that no other test has.

// TestFieldMount: what root mounts in a session, as Ansible does it with sudo,
// reaches the machine with method env, and with propagation=shared; what is mounted in
// the private directory never does.
func TestFieldMount(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo", "mountpoint")
	rig.Must(t, "mount", "--make-rshared", "/")
	users := installMethods(t, "Match User shared,both", "Directory /tmp mount propagation=shared", "Match User both", "Directory /var/tmp mount", "Match User fresh", "Directory /tmp tmpfs propagation=shared")
	for i, name := range []string{"shared", "both", "fresh"} { // both: all lines have to say it
		users = append(users, rig.AddUser(t, rig.Account{Name: name, UID: uint32(1100 + i)}))
	}
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	for _, a := range users {
		t.Run(a.Name, func(t *testing.T) {
			before := rig.Must(t, "cat", "/proc/self/mountinfo")
			r := rig.Command{As: a, Path: a.Shell, Args: []string{"shell", "-c", `sudo mount --bind /usr /mnt && mountpoint -q /mnt
				case $USER in plain|env) ;; *) mkdir /tmp/own && sudo mount -t tmpfs own /tmp/own && mountpoint -q /tmp/own;; esac`}, Dir: a.Home}.Run(t)
			if r.Status != 0 || r.Stderr != "" {
				t.Fatalf("status %d, %s", r.Status, r.Stderr)
			}
			got := rig.Sh(t, "mountpoint -q /mnt && umount /mnt").Status == 0
			if want := a.Name == "plain" || a.Name == "env" || a.Name == "shared" || a.Name == "fresh"; got != want {
				t.Errorf("mounted on the machine: %v; want %v", got, want)
			}
			if after := rig.Must(t, "cat", "/proc/self/mountinfo"); after != before {
				t.Errorf("the machine's mounts were\n%s, and are\n%s", before, after)
			}
		})
	}
}

// TestFieldMountInside: the same in a session of another user, by su in the first one;
// and there as in the first, if that is as the machine is.
func TestFieldMountInside(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo", "mountpoint")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Install(t, "Directory /tmp mount propagation=shared", "Match User slave", "Directory /tmp mount propagation=slave")
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	inner := rig.AddUser(t, rig.Account{Name: "inner", UID: 1002})
	inner.Login(t, "touch /tmp/inners")
	before := rig.Must(t, "cat", "/proc/self/mountinfo")
	for i, name := range []string{"outer", "slave"} {
		a := rig.AddUser(t, rig.Account{Name: name, UID: uint32(1000 + i)})
		r := a.Login(t, `sudo su - inner -c 'ls /tmp; mkdir /tmp/own; sudo mount -t tmpfs own /tmp/own && sudo mount --bind /usr /mnt && mountpoint -q /mnt; echo $?; sudo umount /tmp/own; rmdir /tmp/own'`)
		if r.Stdout != "inners\n0\n" || r.Stderr != "" {
			t.Errorf("in a session of %s: %q, %q", name, r.Stdout, r.Stderr)
		}
		if got := rig.Sh(t, "mountpoint -q /mnt && umount /mnt").Status == 0; got != (name == "outer") {
			t.Errorf("in a session of %s: mounted on the machine: %v", name, got)
		}
		if after := rig.Must(t, "cat", "/proc/self/mountinfo"); after != before {
			t.Errorf("in a session of %s: the machine's mounts were\n%s, and are\n%s", name, before, after)
		}
	}
}

// TestFieldMountRootless: in the mount namespace of a user namespace's own, as rootless
// containers have it, a session's mounts are peers of the container's, and of nothing
// outside. In one that is not its own, the kernel lets nobody make peers; this is said.
func TestFieldMountRootless(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "mountpoint")
	rig.Must(t, "mount", "--make-rshared", "/")
	rig.Install(t, "Exempt none", "OnFailure deny", "Directory /tmp mount propagation=shared")
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	before := rig.Must(t, "cat", "/proc/self/mountinfo")
	run := func(flags uintptr, uid int, args ...string) (string, error) {
		c := exec.Command(args[0], args[1:]...)
		all := []syscall.SysProcIDMap{{Size: 65536}}
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | flags, UidMappings: all, GidMappings: all,
			GidMappingsEnableSetgroups: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		out, err := c.CombinedOutput()
		return string(out), err
	}
	// As a runtime does it: the root directory is mounted in the namespace, and so is
	// all that is in it.
	rig.Sh(t, "mkdir /run/c; cd /run/c; mkdir etc usr var home dev proc tmp run mnt; ln -s usr/bin usr/lib usr/lib64 usr/sbin .")
	const container = "cd /run/c; mount --bind . .; cd /run/c; for d in etc usr var home dev proc; do mount --rbind /$d $d; done; " +
		"mount -t tmpfs -o mode=1777 none tmp; mount -t tmpfs none run; mount --make-r%s /run/c; exec chroot . sh -ec '%s'"
	const session = rig.Tmpshell + ` --exec -- sh -c "mount -t tmpfs own /mnt && mountpoint /mnt && mktemp"; mountpoint /mnt || :`
	for _, c := range []struct{ made, want string }{
		{"shared", "is a mountpoint"}, {"private", "is not a mountpoint"}, {"slave", "is not a mountpoint"},
	} {
		out, err := run(syscall.CLONE_NEWNS, 0, "sh", "-ec", fmt.Sprintf(container, c.made, session))
		if lines := strings.Split(out, "\n"); err != nil || len(lines) != 4 || lines[0] != "/mnt is a mountpoint" || lines[2] != "/mnt "+c.want {
			t.Errorf("in a container whose mounts are %s: %v, %q; want that /mnt %s", c.made, err, out, c.want)
		}
	}
	if after := rig.Must(t, "cat", "/proc/self/mountinfo"); after != before {
		t.Errorf("the machine's mounts were\n%s, and are\n%s", before, after)
	}
	const locked = "tmpshell: no private directory in /tmp: the mount of a directory has mounts in it that a user namespace has locked: propagation=shared cannot be had\n"
	if out, err := run(syscall.CLONE_NEWNS, 0, "sh", "-ec", "mount --make-rshared /; exec "+rig.Tmpshell+" --exec -- true"); err == nil || out != locked {
		t.Errorf("in a copy of the machine's mounts: %v, %q; want %q", err, out, locked)
	}
	const foreign = "tmpshell: no private directory in /tmp: propagation=shared needs Linux 5.15, and a mount namespace of this user namespace\n"
	if out, err := run(0, 1000, rig.Tmpshell, "--exec", "--", "true"); err == nil || out != foreign {
		t.Errorf("in a mount namespace that is another's: %v, %q; want %q", err, out, foreign)
	}
	rig.Configure(t, "OnFailure deny", "Directory /tmp mount")
	for _, flags := range []uintptr{0, syscall.CLONE_NEWNS} {
		if out, err := run(flags, 1000, rig.Tmpshell, "--exec", "--", "mktemp"); err != nil || !strings.HasPrefix(out, "/tmp/tmp.") {
			t.Errorf("the same with slave: %v, %q", err, out)
		}
	}
}

// TestFieldNames: a file of the session for a daemon outside, and one of the
// machine's for a program in the session, by another name.
func TestFieldNames(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	users := installMethods(t)
	rig.Write(t, "/tmp/of-the-machine", "outside\n", 0o644)
	for _, a := range users[1:] {
		t.Run(a.Name, func(t *testing.T) {
			there, kept := "/run/tmpshell/shared/tmp/of-the-machine", fmt.Sprintf("/var/lib/tmpshell/%d/tmp/of-the-session", a.UID)
			if a.Name == "env" {
				there, kept = "/tmp/of-the-machine", a.Private()+"/of-the-session"
			}
			o := a.Open(t)
			defer o.Close()
			out, status := o.Do("echo inside >$TMPDIR/of-the-session; cat " + there)
			if status != 0 || out != "outside\n" {
				t.Errorf("in the session: status %d, %q", status, out)
			}
			if a.Name == "tmpfs" {
				kept = fmt.Sprintf("/proc/%d/root/tmp/of-the-session", o.PID())
			}
			if got := rig.Must(t, "cat", kept); got != "inside\n" {
				t.Errorf("outside: %q", got)
			}
		})
	}
}

// TestFieldDisplays: an X server of the user's takes a number that is free, also
// where the lock files of others are out of sight.
func TestFieldDisplays(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "Xvfb", "xdpyinfo")
	users := installMethods(t)
	defer runXvfb(t, ":0")()
	for _, a := range users[1:] {
		t.Run(a.Name, func(t *testing.T) {
			o := a.Open(t)
			defer o.Close()
			out, _ := o.Do(`Xvfb -displayfd 3 -noreset -ac -screen 0 64x64x8 3>~/number >/dev/null 2>&1 & pid=$!
				until [ -s ~/number ]; do kill -0 $pid || exit; sleep 0.05; done
				xdpyinfo -display :$(cat ~/number) >/dev/null && cat ~/number; kill $pid; wait`)
			if out = strings.TrimSpace(out); out == "" || out == "0" && a.Name != "tmpfs" {
				t.Errorf("the display is %q", out)
			}
		})
	}
}

// TestFieldBootstrap: programs that bring a script of their own to the login shell's
// input or arguments, and read what comes back: VS Code, and Emacs with TRAMP.
func TestFieldBootstrap(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "emacs", "ssh")
	users := installMethods(t)
	rig.StartSSHD(t, "UsePAM no")
	rig.Write(t, "/root/.ssh/config", "Port 2222\nIdentityFile /etc/ssh/e2e/client\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n", 0o600)
	for _, a := range users[1:3] { // tmpfs is as mount, and Emacs is slow
		t.Run(a.Name, func(t *testing.T) {
			// As VS Code: "ssh -T host bash", with the script on the input.
			if r := ssh(t, a, "echo begin-$((6 * 7))\nmktemp >/dev/null && echo end\n", "bash"); r.Stdout != "begin-42\nend\n" || r.Stderr != "" {
				t.Errorf("a script for bash: %q, %q", r.Stdout, r.Stderr)
			}
			rig.Write(t, a.Home+"/file", "for Emacs\n", 0o644)
			r := command("HOME=/root", "emacs", "-Q", "--batch", "--eval",
				fmt.Sprintf(`(with-current-buffer (find-file-noselect "/ssh:%s@127.0.0.1:%s/file") (princ (buffer-string)))`, a.Name, a.Home)).Run(t)
			if !strings.HasSuffix(r.Stdout, "for Emacs\n") || r.Status != 0 {
				t.Errorf("TRAMP: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
			}
		})
	}
}

// TestFieldRows: each situation of docs/field.md that works, or that something helps in,
// has a test in its last column; that it is there is TestDocumentsNameTests'.
func TestFieldRows(t *testing.T) {
	rows := 0
	shown, _, _ := strings.Cut(readSource(t, "docs/field.md"), "\n## Cannot be helped")
	for line := range strings.Lines(shown) {
		cells := strings.Split(strings.TrimSuffix(strings.TrimSpace(line), "|"), "|")
		last := strings.TrimSpace(cells[len(cells)-1])
		if len(cells) < 2 || last == "test" || strings.HasPrefix(last, "---") {
			continue
		}
		rows++
		if !regexp.MustCompile(`^(Test[A-Z]\w+|[a-z-]+\.txtar)(, (Test[A-Z]\w+|[a-z-]+\.txtar))*$`).MatchString(last) {
			t.Errorf("%q does not end with names of tests", line)
		}
	}
	if rows < 27 {
		t.Errorf("%d situations, want 27 at least", rows)
	}
}

// TestDocumentsNameTests: a test that a document names as proof is there.
func TestDocumentsNameTests(t *testing.T) {
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	there := strings.Fields(rig.Must(t, "grep", "-rhoP", "--include=*_test.go", `^func \KTest\w+`, root))
	documents, err := filepath.Glob(filepath.Join(root, "docs/*.md"))
	if err != nil || len(documents) < 5 {
		t.Fatalf("docs: %q, %v", documents, err)
	}
	for i := range documents {
		documents[i] = "docs/" + filepath.Base(documents[i])
	}
	for _, document := range append(documents, "SECURITY.md", "HACKING.md") {
		text := readSource(t, document)
		for _, name := range regexp.MustCompile(`\b[a-z-]+\.txtar\b`).FindAllString(text, -1) {
			if _, err := os.Stat(filepath.Join(root, "e2e/testdata/script", name)); err != nil {
				t.Errorf("%s names %s: %v", document, name, err)
			}
		}
		// What follows may be a family of tests: TestMatrix….
		patterns := regexp.MustCompile(`\bTest[A-Z]\w+(?:…|\b)`).FindAllString(text, -1)
		for i, name := range patterns {
			if prefix, family := strings.CutSuffix(name, "…"); family {
				patterns[i] = "^" + prefix
			} else {
				patterns[i] = "^" + name + "$"
			}
		}
		for _, m := range regexp.MustCompile(`(?:RUN=|-run )'([^']+)'`).FindAllStringSubmatch(text, -1) {
			for one := range strings.SplitSeq(m[1], "|") {
				name, _, _ := strings.Cut(one, "/")
				patterns = append(patterns, name)
			}
		}
		for _, pattern := range patterns {
			if !slices.ContainsFunc(there, regexp.MustCompile(pattern).MatchString) {
				t.Errorf("%s names %s, and no test is called so", document, pattern)
			}
		}
	}
}
