package rig

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Account is a line of /etc/passwd.
type Account struct {
	Name     string
	UID, GID uint32
	Home     string
	Shell    string
	// Groups are supplementary ones. They must exist, see AddGroup.
	Groups []uint32
}

// AddUser adds an account with a home directory, if that is below /home, and
// no password. What a.Name
// and a.UID do not say is chosen: the group has the user's number, the shell
// is tmpshell. The line is written as it is, so that names are possible that
// useradd refuses.
func AddUser(t testing.TB, a Account) *Account {
	t.Helper()
	if a.GID == 0 && a.UID != 0 {
		a.GID = a.UID
		AddGroup(t, a.Name, a.GID)
	}
	if a.Home == "" {
		a.Home = "/home/" + a.Name
	}
	if a.Shell == "" {
		a.Shell = Tmpshell
	}
	appendLine(t, "/etc/passwd", a.passwdLine())
	// '*' allows keys and su; '!' would be a locked account for sshd.
	appendLine(t, "/etc/shadow", a.Name+":*:19000:0:99999:7:::")
	if !strings.HasPrefix(a.Home, "/home/") {
		return &a
	}
	if err := os.MkdirAll(a.Home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(a.Home, int(a.UID), int(a.GID)); err != nil {
		t.Fatal(err)
	}
	return &a
}

// AddGroup adds a group with members.
func AddGroup(t testing.TB, name string, gid uint32, members ...string) {
	t.Helper()
	appendLine(t, "/etc/group", fmt.Sprintf("%s:x:%d:%s", name, gid, strings.Join(members, ",")))
}

// passwd is held by who changes /etc/passwd.
var passwd sync.Mutex

// SetShell changes the account's passwd line, in one step for who reads it.
func (a *Account) SetShell(t testing.TB, shell string) {
	t.Helper()
	passwd.Lock()
	defer passwd.Unlock()
	text, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	old := a.passwdLine()
	a.Shell = shell
	changed := strings.Replace(string(text), old+"\n", a.passwdLine()+"\n", 1)
	if err := os.WriteFile("/etc/passwd.new", []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename("/etc/passwd.new", "/etc/passwd"); err != nil {
		t.Fatal(err)
	}
}

func (a *Account) passwdLine() string {
	return fmt.Sprintf("%s:x:%d:%d::%s:%s", a.Name, a.UID, a.GID, a.Home, a.Shell)
}

// Credential is for running a process as the account.
func (a *Account) Credential() *syscall.Credential {
	return &syscall.Credential{Uid: a.UID, Gid: a.GID, Groups: a.Groups}
}

// Env is what a login gives the account.
func (a *Account) Env() []string {
	return []string{
		"HOME=" + a.Home, "USER=" + a.Name, "LOGNAME=" + a.Name, "SHELL=" + a.Shell,
		"PATH=/usr/local/bin:/usr/bin:/bin", "TERM=xterm",
	}
}

func appendLine(t testing.TB, path, line string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
}
