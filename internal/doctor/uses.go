package doctor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/config"
	"tmpshell/internal/wrapper"
)

// Use is a line of an administrator's file, or of a crontab, that runs tmpshell
// by its path.
type Use struct {
	config.Pos
	// Fix takes it out.
	Fix string
}

// usedIn are the files that may have such a line, beside sshd's: tables of cron,
// what new accounts get, units.
var usedIn = []string{
	"/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/crontabs/*", "/var/spool/cron/*",
	"/etc/default/useradd", "/etc/adduser.conf",
	"/etc/systemd/system/*.service", "/etc/systemd/system/*.d/*.conf",
	"/etc/systemd/user/*.service", "/etc/systemd/user/*.d/*.conf",
}

// maxUse bounds what is read of one file.
const maxUse = 1 << 20

// Uses lists the lines that would fail without tmpshell. It is what can be told:
// a command= in authorized_keys, and a script, is not looked for.
func Uses() ([]Use, error) {
	list, err := sshdFiles(sshdConfig, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, pattern := range usedIn {
		files, _ := filepath.Glob(pattern) // a bad pattern only
		for _, file := range files {
			own, err := linesOfOthers(file)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			list = append(list, own...)
		}
	}
	var uses []Use
	for _, l := range list {
		if runsTmpshell(l.text) {
			uses = append(uses, Use{config.Pos{File: l.file, Line: l.line}, commentOut(l.file, l.line).Run})
		}
	}
	return uses, nil
}

func runsTmpshell(line string) bool {
	for _, word := range strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t=,;&|()`\"'@+!:", c) }) {
		if wrapper.Leads(strings.TrimLeft(word, "-")) { // -PATH: systemd.service(5)
			return true
		}
	}
	return false
}

// linesOfOthers is lines for a file that may be a user's, as a crontab is: no link
// is followed, and nothing waits. What is no file has none.
func linesOfOthers(file string) ([]numbered, error) {
	f, err := os.OpenFile(file, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if errors.Is(err, unix.ELOOP) && filepath.Dir(file) != "/var/spool/cron/crontabs" && filepath.Dir(file) != "/var/spool/cron" {
		f, err = os.Open(file)
	}
	if errors.Is(err, unix.ELOOP) {
		return nil, nil // cron follows none either
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxUse+1))
	if err == nil && len(text) > maxUse {
		err = fmt.Errorf("%s is larger than %d bytes", file, maxUse)
	}
	return linesOf(file, string(text)), err
}

// ForceCommand is the command that has sshd run a program for whom a Match line
// names, such as "Group lab".
func ForceCommand(kind, who, program string) string {
	if strings.ContainsAny(who, " \t") {
		who = `"` + who + `"`
	}
	file := "/etc/ssh/sshd_config.d/tmpshell.conf"
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		file = sshdConfig
	}
	return run("printf", `Match `+kind+` %s\n    ForceCommand %s\n`, who, program).Run + " >>" + file + ", and reload sshd"
}
