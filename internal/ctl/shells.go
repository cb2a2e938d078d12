package ctl

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/wrapper"
)

// shellsFile is a variable for the tests alone.
var shellsFile = account.ShellsFile

// listShells adds what is missing to shells(5): chsh, su -s, pkexec and GNOME
// look there.
func listShells(want []string) step {
	const what = "/etc/shells"
	old, err := os.ReadFile(shellsFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return result(what, "", err)
	}
	var added []string
	text := bytes.Clone(old)
	if err != nil {
		// Without the file, getusershell(3) has a list of its own, which
		// the new file must not take away.
		text = []byte("/bin/sh\n/bin/csh\n")
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	for _, w := range want {
		if !slices.Contains(account.Shells(shellsFile), w) {
			added = append(added, w)
			text = append(text, w+"\n"...)
		}
	}
	if len(added) == 0 {
		return result(what, "lists tmpshell (as it was)", nil)
	}
	return result(what, "added "+strings.Join(added, ", "), replaceFile(shellsFile, text))
}

// unlistShells removes every line that names tmpshell.
func unlistShells() step {
	const what = "/etc/shells"
	old, err := os.ReadFile(shellsFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return result(what, "", err)
	}
	var text []byte
	var removed []string
	for line := range bytes.Lines(old) {
		name, _, _ := strings.Cut(string(line), "#") // as account.Shells reads it
		name = strings.TrimSpace(name)
		if strings.HasPrefix(name, "/") && wrapper.Is(name) {
			removed = append(removed, name)
			continue
		}
		text = append(text, line...)
	}
	if len(removed) == 0 {
		return result(what, "does not list tmpshell (as it was)", nil)
	}
	return result(what, "removed "+strings.Join(removed, ", "), replaceFile(shellsFile, text))
}

// wrapperUsers are the accounts in passwd(5) whose shell is tmpshell.
func wrapperUsers() []string {
	users, err := wrapper.Users()
	if err != nil {
		return nil
	}
	var list []string
	for _, a := range users {
		if wrapper.Is(a.Shell) {
			list = append(list, a.Name)
		}
	}
	return list
}

// replaceFile writes a file anew and renames it over the old one, whose owner
// and mode it takes: a reader sees one or the other, also after a crash.
func replaceFile(path string, text []byte) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	mode, uid, gid := os.FileMode(0o644), 0, 0
	var st unix.Stat_t
	if unix.Stat(path, &st) == nil {
		mode, uid, gid = os.FileMode(st.Mode&0o777), int(st.Uid), int(st.Gid)
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmpshell-")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	for _, next := range []func() error{
		func() error { return f.Chown(uid, gid) },
		func() error { return f.Chmod(mode) },
		f.Sync,
	} {
		if err == nil {
			err = next()
		}
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
