package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
)

// plant puts a process on the list by which the next session of alice's finds
// the namespaces of her older ones. For tmpshell that takes root: the list is in
// a directory that nobody else can enter. The process is of the given account, in
// a user namespace of its own with something of its own on /etc, or "outside" all
// sessions, or an honest "session" of alice's.
func (s *scene) plant(t *testing.T, naive bool, of *rig.Account, where string) {
	t.Helper()
	program := rig.Tmpshell
	if naive {
		program = attack.NaiveMount
	}
	user := []string{"setpriv", "--reuid", fmt.Sprint(of.UID), "--regid", fmt.Sprint(of.GID), "--clear-groups"}
	const fake = `mkdir -p ~/etc && cp /etc/passwd /etc/group ~/etc && echo fake >~/etc/mark && mount --bind ~/etc /etc; `
	script := map[string]string{
		"":        "exec unshare -Urm sh -c '" + fake + "echo there $$; exec sleep 1000'",
		"outside": "echo there $$; exec sleep 1000",
		"session": "echo there $$; exec sleep 1000",
	}[where]
	login := []string{program, "-c", script}
	if where == "outside" {
		login = []string{"sh", "-c", script}
		if !naive { // the honest session that gives the list its key
			s.alice.Login(t, "true")
		}
	}
	pid := start(t, append(user, login...), of.Env())
	if naive {
		rig.Write(t, "/tmp/.sessions-1000", fmt.Sprint(pid), 0o644)
		rig.Write(t, "/home/jail/tmp/.sessions-1000", fmt.Sprint(pid), 0o644)
		return
	}
	if r := s.alice.Login(t, "echo 1 1:1 1 1 >>"+sessionsList); !strings.Contains(r.Stderr, "Permission denied") {
		t.Errorf("alice can write to the list: %+v", r)
	}
	if where == "session" {
		return
	}
	text, err := os.ReadFile(sessionsList)
	if err != nil || len(text) == 0 { // tmpfs: there is none
		return
	}
	first, _, _ := strings.Cut(string(text), "\n")
	fields := strings.SplitN(first, " ", 4) // process, namespace, root directory, key
	namespace, root := namespaceID(t, pid), rootID(t, pid)
	if where == "outside" {
		namespace = fields[1] // what was there under this number before
	}
	line := fmt.Sprintf("%d %s %d %s\n", pid, namespace, root, fields[3])
	if err := os.WriteFile(sessionsList, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start starts a command that says "there" and its number, and stays until the
// test ends.
func start(t *testing.T, args, env []string) int {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Dir = env, "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	pid := 0
	if _, err := fmt.Fscanf(pipe, "there %d\n", &pid); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return pid
}

// namespaceID is what the list has for the namespace of a process.
func namespaceID(t *testing.T, pid int) string {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/mnt", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const getID = 0x8008b705 // NS_GET_MNTNS_ID of ioctl_nsfs(2)
	var id uint64
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), getID, uintptr(unsafe.Pointer(&id))); errno != 0 {
		id = 0 // before Linux 6.10
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d:%d", id, st.Ino)
}

// rootID is the number of the mount that is the root directory of a process.
func rootID(t *testing.T, pid int) uint64 {
	t.Helper()
	var x unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, fmt.Sprintf("/proc/%d/root", pid), 0, unix.STATX_MNT_ID_UNIQUE, &x); err != nil {
		t.Fatal(err)
	}
	return x.Mnt_id
}
