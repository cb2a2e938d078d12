package ctl

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

const somePasswd = "root:x:0:0:root:/root:/bin/bash\n# bob:x:1:1:::/bin/sh\nbobby:x:1001:1001::/h:/bin/sh\nbob:x:1000:1000:B,o:b:/h:/x\nbob:x:1000:1000:B,o:/h:/bin/sh\nbob:x:2:2:::/bin/second"

// fakePasswd puts a file in the place of /etc/passwd, on a machine without usermod.
func fakePasswd(t *testing.T, text string) string {
	t.Helper()
	file, programs, patience := passwdFile, usermods, editPatience
	t.Cleanup(func() { passwdFile, usermods, editPatience = file, programs, patience })
	passwdFile, usermods, editPatience = filepath.Join(t.TempDir(), "passwd"), nil, 0
	if err := os.WriteFile(passwdFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return passwdFile
}

func TestSetShell(t *testing.T) {
	path := fakePasswd(t, somePasswd)
	if err := setShell("bob", "/usr/bin/tmpshell-sh"); err != nil {
		t.Fatal(err)
	}
	// The first entry that is one: the line before has a field too many.
	want := strings.Replace(somePasswd, "B,o:/h:/bin/sh", "B,o:/h:/usr/bin/tmpshell-sh", 1)
	if diff := cmp.Diff(want, read(t, path)); diff != "" {
		t.Errorf("passwd (-want +got):\n%s", diff)
	}
	if err := setShell("nobody", "/bin/sh"); err == nil || read(t, path) != want {
		t.Errorf("setShell of an account that is not there: %v; want an error, and the file as it was", err)
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 2 {
		t.Errorf("the directory has %v, %v; want passwd and .pwd.lock", left, err)
	}
}

// Each of the locks of those who change the file keeps us from it.
func TestSetShellLocks(t *testing.T) {
	path := fakePasswd(t, somePasswd)
	mine := strconv.Itoa(os.Getpid())
	for name, text := range map[string]string{"passwd+": "", "passwd.lock": mine} {
		held := filepath.Join(filepath.Dir(path), name)
		if err := os.WriteFile(held, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := setShell("bob", "/bin/new"); err == nil || read(t, path) != somePasswd {
			t.Errorf("setShell while there is %s: %v; want an error, and the file as it was", name, err)
		}
		if read(t, held) != text {
			t.Errorf("%s has %q; want it as it was", name, read(t, held))
		}
		if err := os.Remove(held); err != nil {
			t.Fatal(err)
		}
	}

	// lckpwdf(3): a lock of another process's.
	holder := exec.Command("python3", "-c",
		"import fcntl,sys\nf=open(sys.argv[1],'w')\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint(flush=True)\nsys.stdin.read()", filepath.Join(filepath.Dir(path), ".pwd.lock"))
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Skip("missing: python3: run e2e/packages.sh")
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if err := setShell("bob", "/bin/new"); err == nil || read(t, path) != somePasswd {
		t.Errorf("setShell while another process has .pwd.lock: %v; want an error, and the file as it was", err)
	}
	_ = stdin.Close()
	if err := holder.Wait(); err != nil {
		t.Fatal(err)
	}

	// What a process has left that is no more.
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	pid := gone.Process.Pid
	if unix.Kill(pid, 0) != unix.ESRCH {
		t.Skip("the number of a process that has ended was taken at once")
	}
	if err := os.WriteFile(path+".lock", []byte(strconv.Itoa(pid)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := setShell("bob", "/bin/new"); err != nil || !strings.Contains(read(t, path), "/bin/new") {
		t.Errorf("setShell with a lock of a process that has ended: %v; want it done", err)
	}
}
