package ctl

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
)

// Variables for the tests alone.
var (
	passwdFile = "/etc/passwd"
	// usermods are where distributions have usermod(8). A machine whose tools
	// are busybox's has none, and no other program that changes a shell.
	usermods = []string{"/usr/sbin/usermod", "/sbin/usermod", "/usr/bin/usermod"}
)

// setShell changes the login shell of an account in /etc/passwd.
func setShell(name, shell string) error {
	for _, path := range usermods {
		cmd := exec.Command(path, "-s", shell, "--", name)
		cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
		cmd.Dir = "/"
		out, err := cmd.CombinedOutput()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w: %s", path, err, bytes.TrimSpace(out))
		}
		return nil
	}
	return editShell(name, shell)
}

// editShell does what usermod(8) does: under lckpwdf(3)'s lock, under that of the
// shadow tools, and under busybox's, which is the name of the new file.
func editShell(name, shell string) error {
	unlock, err := lockPasswd()
	if err != nil {
		return err
	}
	defer unlock()
	return editFile(passwdFile, "+", func(old []byte) ([]byte, error) {
		var text []byte
		done := false
		for line := range bytes.Lines(old) {
			entry, end := bytes.CutSuffix(line, []byte("\n"))
			if a, ok := account.ParsePasswd(entry); ok && a.Name == name && !done {
				done = true
				fields := strings.Split(string(entry), ":")
				fields[6] = shell
				line = []byte(strings.Join(fields, ":"))
				if end {
					line = append(line, '\n')
				}
			}
			text = append(text, line...)
		}
		if !done {
			return nil, fmt.Errorf("%s has no line for %s", passwdFile, name)
		}
		return text, nil
	})
}

// lockPasswd takes .pwd.lock beside the file, a lock of fcntl(2), and then the file
// PASSWD.lock with the number of this process, which is ignored if its process
// is no more.
func lockPasswd() (unlock func(), err error) {
	dir := strings.TrimSuffix(passwdFile, "passwd")
	f, err := os.OpenFile(dir+".pwd.lock", os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	end := time.Now().Add(editPatience)
	for {
		lock := unix.Flock_t{Type: unix.F_WRLCK}
		if err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &lock); err == nil {
			err = lockByName(passwdFile + ".lock")
		}
		if err == nil {
			return func() { _ = os.Remove(passwdFile + ".lock"); _ = f.Close() }, nil
		}
		if time.Now().After(end) {
			_ = f.Close()
			return nil, fmt.Errorf("another program is changing %s: %w", passwdFile, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func lockByName(path string) error {
	mine := path + "." + strconv.Itoa(os.Getpid())
	defer os.Remove(mine)
	if err := os.WriteFile(mine, strconv.AppendInt(nil, int64(os.Getpid()), 10), 0o600); err != nil {
		return err
	}
	err := os.Link(mine, path)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	text, readErr := os.ReadFile(path)
	if readErr != nil {
		return err
	}
	pid, _ := strconv.Atoi(strings.Trim(string(text), " \n\x00"))
	if pid > 0 && unix.Kill(pid, 0) == unix.ESRCH {
		_ = os.Remove(path) // its process was ended in the midst of it
		return os.Link(mine, path)
	}
	return err
}
