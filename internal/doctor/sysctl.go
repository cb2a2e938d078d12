package doctor

import (
	"errors"
	"io/fs"
	"os"
	"strings"
)

// protections are the kernel's own against tricks in directories that everybody
// can write to, which is what /tmp stays for programs that ignore TMPDIR.
var protections = []struct{ name, without string }{
	{"fs.protected_symlinks", "a program that ignores TMPDIR can be led elsewhere by a link in /tmp"},
	{"fs.protected_hardlinks", "users can link other people's files into /tmp, and keep old versions of setuid programs"},
	{"fs.protected_fifos", "a program that ignores TMPDIR can be made to write into somebody's FIFO in /tmp"},
	{"fs.protected_regular", "a program that ignores TMPDIR can be made to write into somebody's file in /tmp"},
}

// sysctlFile is where the settings are kept for the next boot.
const sysctlFile = "/etc/sysctl.d/60-tmpshell.conf"

// settingsHidden tells whether /proc shows no settings at all: with subset=pid (Linux
// 5.8), what is not there says nothing of the kernel.
func settingsHidden() bool {
	_, err := os.Stat("/proc/sys")
	return errors.Is(err, fs.ErrNotExist)
}

func checkSysctl(_ *machine, r *report) error {
	if settingsHidden() {
		r.note("/proc does not show the kernel's settings (subset=pid, proc(5)): whether it protects links, FIFOs and files in sticky directories is not known")
		return nil
	}
	for _, p := range protections {
		value, err := sysctl(p.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			r.note("this kernel has no " + p.name)
		case err != nil:
			return err
		case value == "0":
			fix := appendLine(p.name+" = 1", sysctlFile)
			r.warn(p.name+" is 0: "+p.without, fix.then("sysctl", "-q", "-p", sysctlFile))
		}
	}
	r.otherwise("links, FIFOs and files in sticky directories are protected by the kernel")
	return nil
}

func sysctl(name string) (string, error) {
	text, err := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	return strings.TrimSpace(string(text)), err
}

// checkUserNamespaces says what follows from users' right to make user
// namespaces. Nothing in tmpshell depends on it, so that these are notes.
func checkUserNamespaces(_ *machine, r *report) error {
	if settingsHidden() {
		r.note("/proc does not show the kernel's settings (subset=pid, proc(5)): whether users can make user namespaces is not known")
		return nil
	}
	for _, off := range []struct{ name, value string }{
		{"kernel.unprivileged_userns_clone", "0"},
		{"user.max_user_namespaces", "0"},
		{"kernel.apparmor_restrict_unprivileged_userns", "1"},
	} {
		if value, err := sysctl(off.name); err == nil && value == off.value {
			r.note(off.name + " is " + value + ": users cannot make user namespaces, and therefore no rootless containers and sandboxes; tmpshell needs none")
			return nil
		}
	}
	r.note("users can make user namespaces: inside, the helper's capabilities do nothing, and a missing directory is a fallback or, with OnFailure deny, ends the session")
	return nil
}
