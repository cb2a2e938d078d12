package ctl

import (
	"errors"
	"os"
	"strings"

	"tmpshell/internal/build"
	"tmpshell/internal/compile"
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
		err = compile.Write(tmpfilesConf, []byte(text)) // a boot finds the old file or the new one
	}
	return []step{result(tmpfilesConf, strings.Join(lines, "; "), err)}
}

// forgetBoot removes the file, if there is one.
func forgetBoot() []step {
	err := os.Remove(tmpfilesConf)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return []step{result(tmpfilesConf, "removed", err)}
}
