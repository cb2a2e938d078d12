package ctl

import (
	"errors"
	"os"
	"strings"

	"tmpshell/internal/build"
	"tmpshell/internal/doctor"
	"tmpshell/internal/needs"
)

const tmpfilesConf = "/etc/tmpfiles.d/" + doctor.TmpfilesName

// atBoot has systemd-tmpfiles make what the configuration needs before any user
// can take the names, where no other file does.
func atBoot(n needs.Needs) []step {
	if !doctor.HasTmpfiles() {
		return nil
	}
	lines, err := doctor.BootLines(n)
	if err == nil && len(lines) == 0 {
		return forgetBoot()
	}
	if err == nil {
		text := "# Written by tmpshellctl setup, from " + build.Config + ": changes are lost.\n" + strings.Join(lines, "\n") + "\n"
		err = writeTmpfiles(text)
	}
	return []step{result(tmpfilesConf, strings.Join(lines, "; "), err)}
}

// writeTmpfiles has a boot find the old file or the new one.
func writeTmpfiles(text string) error {
	if err := os.MkdirAll("/etc/tmpfiles.d", 0o755); err != nil {
		return err
	}
	const fresh = tmpfilesConf + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o644); err != nil {
		return err
	}
	return errors.Join(os.Chmod(fresh, 0o644), os.Rename(fresh, tmpfilesConf))
}

// forgetBoot removes the file, if there is one.
func forgetBoot() []step {
	err := os.Remove(tmpfilesConf)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return []step{result(tmpfilesConf, "removed", err)}
}
