package view

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// furnish gives the view what a booted machine has: a name that resolves,
// loopback, the system's accounts, and the directories in /run.
func furnish() error {
	if err := unix.Sethostname([]byte("localhost")); err != nil {
		return fmt.Errorf("sethostname: %w", err)
	}
	if err := loopbackUp(); err != nil {
		return fmt.Errorf("loopback: %w", err)
	}
	for _, d := range []struct {
		path string
		mode os.FileMode
	}{
		{"/run/lock", 0o1777}, {"/run/sshd", 0o755}, {"/run/user", 0o755},
	} {
		if err := errors.Join(os.Mkdir(d.path, 0o755), unix.Chmod(d.path, uint32(d.mode))); err != nil {
			return err
		}
	}
	files := map[string]string{
		"/run/utmp": "",
		// Nobody but loopback answers here; nothing may wait for a name server.
		"/etc/hosts":         "127.0.0.1 localhost\n::1 localhost\n",
		"/etc/resolv.conf":   "",
		"/etc/nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\nnetworks: files\nprotocols: files\nservices: files\n",
		"/etc/motd":          "",
		"/etc/crontab":       "",
		"/etc/environment":   "",
	}
	for path, text := range files {
		// Unlinked first: any of these may be a symbolic link to a place
		// that the view does not have.
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return errors.Join(keepSystemAccounts("/etc/passwd"), keepSystemAccounts("/etc/group"))
}

// keepSystemAccounts drops the people from a passwd or group file: a test's
// own may have the same names and numbers.
func keepSystemAccounts(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var kept strings.Builder
	for line := range strings.Lines(string(text)) {
		fields := strings.Split(line, ":")
		if len(fields) < 3 {
			continue
		}
		const firstPerson, nobody = 1000, 65534
		id, err := strconv.Atoi(fields[2])
		if err == nil && (id < firstPerson || id == nobody) {
			kept.WriteString(line)
		}
	}
	return os.WriteFile(path, []byte(kept.String()), 0o644)
}

func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, ifr)
}
