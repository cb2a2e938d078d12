package doctor

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// cronFiles are where jobs of root stand: scripts, and tables.
var cronFiles = []string{
	"/etc/cron.hourly/*", "/etc/cron.daily/*", "/etc/cron.weekly/*", "/etc/cron.monthly/*",
	"/etc/crontab", "/etc/cron.d/*", "/var/spool/cron/crontabs/root", "/var/spool/cron/root",
}

// tmpreaperConf is read by Debian's job for tmpreaper(8).
const tmpreaperConf = "/etc/tmpreaper.conf"

// checkCleaners: no job removes the bases, or users' directories from them,
// because they have not changed for a while.
func checkCleaners(m *machine, r *report) error {
	for _, pattern := range cronFiles {
		files, _ := filepath.Glob(pattern) // a bad pattern only
		for _, file := range files {
			list, err := lines(file)
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.EISDIR) {
				continue
			}
			if errors.Is(err, fs.ErrPermission) {
				r.note("only root can tell what " + file + " does")
				continue
			}
			if err != nil {
				return err
			}
			r.job(list, m.needs.Bases)
		}
	}
	r.otherwise("no job of cron ages the bases out")
	return nil
}

// job judges one script or table: the first of its lines that cleans.
func (r *report) job(list []numbered, bases []making.Base) {
	for _, l := range list {
		tool := cleaner(l.text, bases)
		if tool == "" || mentions(list, bases) {
			continue
		}
		if tool != "tmpreaper" {
			r.warn(l.at()+" cleans up with "+tool+", and makes no exception for the bases", &Fix{Write: exception(tool, bases), In: l.at()})
			return
		}
		if unix.Access("/usr/sbin/tmpreaper", unix.X_OK) != nil {
			return // the package was removed, and left its job
		}
		conf, err := lines(tmpreaperConf)
		switch {
		case err == nil && turnedOff(conf):
			r.note("tmpreaper is installed, and not turned on in " + tmpreaperConf)
		case mentions(conf, bases):
		default:
			r.warn(l.at()+" cleans up with tmpreaper, and "+tmpreaperConf+" makes no exception for the bases",
				appendLine(exception(tool, bases), tmpreaperConf))
		}
		return
	}
}

// cleaner names the tool that a line removes old files with.
func cleaner(line string, bases []making.Base) string {
	words := strings.FieldsFunc(line, func(c rune) bool { return strings.ContainsRune(" \t;&|()`\"'", c) })
	for i, w := range words {
		switch tool := filepath.Base(w); tool {
		case "tmpreaper", "tmpwatch":
			// What tests for the tool, or names its files, does not run it.
			if i > 0 && (words[i-1] == "-x" || words[i-1] == "-e" || words[i-1] == "-f") {
				continue
			}
			return tool
		case "find":
			removes := slices.ContainsFunc(words[i:], func(w string) bool { return w == "-delete" || filepath.Base(w) == "rm" || w == "rmdir" })
			covers := slices.ContainsFunc(words[i:], func(w string) bool {
				return slices.ContainsFunc(bases, func(b making.Base) bool { return filepath.Clean(w) == string(b) })
			})
			if removes && covers {
				return tool
			}
		}
	}
	return ""
}

// mentions: whoever wrote a base's name there has thought of it.
func mentions(list []numbered, bases []making.Base) bool {
	return slices.ContainsFunc(list, func(l numbered) bool {
		return slices.ContainsFunc(bases, func(b making.Base) bool { return strings.Contains(l.text, private.Base) })
	})
}

// turnedOff reads the two switches of Debian's tmpreaper.conf(5).
func turnedOff(conf []numbered) bool {
	on, warning := false, false
	for _, l := range conf {
		switch name, value, _ := strings.Cut(l.text, "="); name {
		case "RUNFROMCRON":
			on = strings.Trim(value, `"'`) == "true"
		case "SHOWWARNING":
			warning = strings.Trim(value, `"'`) == "true"
		}
	}
	return warning || !on
}

// exception is what a tool is told to leave the bases alone.
func exception(tool string, bases []making.Base) string {
	var words []string
	for _, b := range bases {
		switch path := b.Path(); tool {
		case "tmpreaper":
			words = append(words, path, path+"/*")
		case "tmpwatch":
			words = append(words, "--exclude="+path)
		default:
			words = append(words, "! -path '"+path+"' ! -path '"+path+"/*'")
		}
	}
	if tool == "tmpreaper" {
		return `TMPREAPER_PROTECT_EXTRA="$TMPREAPER_PROTECT_EXTRA ` + strings.Join(words, " ") + `"`
	}
	return strings.Join(words, " ")
}
