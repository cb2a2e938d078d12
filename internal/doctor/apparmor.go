package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// callers are programs that start sessions, by the names of their processes.
var callers = []string{"sshd", "cron", "crond", "login", "dropbear", "lightdm", "gdm3", "sddm", "greetd"}

// checkAppArmor names the profiles that confine what starts sessions. Whether one has the
// rules that tmpshell needs cannot be told: the kernel shows none.
func checkAppArmor(_ *machine, r *report) error {
	enabled, err := os.ReadFile("/sys/module/apparmor/parameters/enabled")
	if errors.Is(err, fs.ErrNotExist) || err == nil && strings.TrimSpace(string(enabled)) != "Y" {
		r.otherwise("AppArmor is off")
		return nil
	}
	if err != nil {
		return err
	}
	if profile, ok := enforced("/proc/self"); ok {
		r.profile("this session", profile)
	}
	processes, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return err
	}
	for _, process := range processes {
		name, _ := os.ReadFile(process + "/comm") // it has ended
		if comm := strings.TrimSpace(string(name)); slices.Contains(callers, comm) {
			if profile, ok := enforced(process); ok {
				r.profile(comm, profile)
			}
		}
	}
	r.otherwise("no AppArmor profile confines what starts sessions")
	return nil
}

func (r *report) profile(who, name string) {
	fact := who + " is confined by the AppArmor profile " + name
	if !r.says(fact + ":") {
		r.note(fact + ": its sessions have private directories only with the rules of tmpshell-internals(7), APPARMOR")
	}
}

// enforced is the profile in force for a process.
func enforced(process string) (string, bool) {
	text, err := os.ReadFile(process + "/attr/apparmor/current")
	if err != nil {
		text, err = os.ReadFile(process + "/attr/current") // before Linux 5.1
	}
	name, ok := strings.CutSuffix(strings.TrimSpace(string(text)), " (enforce)")
	return name, err == nil && ok
}
