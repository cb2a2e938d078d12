package doctor

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/needs"
	"tmpshell/internal/private"
)

// TmpfilesName is the file in /etc/tmpfiles.d that setup writes. A file
// tmpshell.conf there would mask the one that comes with tmpshell.
const TmpfilesName = "tmpshell-setup.conf"

// HasTmpfiles tells whether the machine has systemd-tmpfiles(8).
func HasTmpfiles() bool {
	return unix.Access("/usr/bin/systemd-tmpfiles", unix.X_OK) == nil || unix.Access("/bin/systemd-tmpfiles", unix.X_OK) == nil
}

// BootLines are the lines of tmpfiles.d(5) for what a configuration needs at boot
// and no file but that of setup makes: two lines for one path are complained about
// at each boot.
func BootLines(n needs.Needs) ([]string, error) {
	rules, err := tmpfilesRules()
	if err != nil {
		return nil, err
	}
	rules = slices.DeleteFunc(rules, func(r rule) bool { return r.file == tmpfilesDirs[0]+"/"+TmpfilesName })
	var lines []string
	for _, b := range n.Bases {
		if !slices.ContainsFunc(rules, func(r rule) bool { return !r.removes() && r.about(b.Path()) }) {
			lines = append(lines, baseLine(b))
		}
	}
	for _, i := range n.Instances {
		for _, path := range meetings(i) {
			if line := "d " + escaped.Replace(path) + " 1777 root root -"; !made(rules, path) && !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
		for _, line := range storeLines(i, rules) {
			if !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}

// storeLines make what store= names, where others can take the name, and empty what
// stands for a directory that a boot empties.
func storeLines(i private.Instance, rules []rule) []string {
	store := making.StoreOf(i)
	if i.Fresh || store == private.Store {
		return nil
	}
	var lines []string
	if canBeTaken(store) && !made(rules, store) {
		lines = append(lines, "d "+escaped.Replace(store)+" 0700 root root -")
	}
	if i.At == "/tmp" || i.At == "/dev/shm" {
		lines = append(lines, "R! "+escaped.Replace(store)+"/*/"+strings.ReplaceAll(i.At[1:], "/", "-"))
	}
	return lines
}

// canBeTaken tells whether users can make a name.
func canBeTaken(name string) bool {
	var st unix.Stat_t
	return unix.Stat(path.Dir(name), &st) == nil && st.Mode&0o022 != 0
}

// escaped is how tmpfiles.d(5) has what would end a path, or be replaced in it.
var escaped = strings.NewReplacer("%", "%%", " ", `\x20`, "\t", `\x09`, `"`, `\x22`, "'", `\x27`, `\`, `\x5c`)

// baseLine makes a base, and ages the files of the users, but not their
// directories.
func baseLine(b making.Base) string {
	return fmt.Sprintf("d %s %04o root root ~10d", escaped.Replace(b.Path()), private.BaseMode)
}

// meetings are the directories in which servers and clients of everybody meet.
func meetings(i private.Instance) []string {
	var paths []string
	all := i.Shares(0)
	for s, ok := all.Next(); ok; s, ok = all.Next() {
		if s.Directory && !s.Users && !s.Pattern {
			paths = append(paths, i.At+"/"+s.Name)
		}
	}
	return paths
}

func made(rules []rule, path string) bool {
	return slices.ContainsFunc(rules, func(r rule) bool { return r.makes() && r.about(path) })
}
