package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// checkPAM: nothing in PAM gives sessions another temporary directory. tmpshell
// sets its own variables last, but what does not run a shell (sudo COMMAND,
// graphical sessions, services) keeps those of PAM, and the user then has two
// directories that the programs of the user do not meet in.
func checkPAM(m *machine, r *report) error {
	services, err := os.ReadDir("/etc/pam.d")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// What pam_env reads without being told to.
	env := map[string]bool{"/etc/environment": true, "/etc/security/pam_env.conf": true}
	used := false
	for _, s := range services {
		if ignoredService(s.Name()) || s.IsDir() {
			continue
		}
		list, err := lines(filepath.Join("/etc/pam.d", s.Name()))
		if err != nil {
			return err
		}
		for _, l := range list {
			module, args := pamModule(l.text)
			switch module {
			case "pam_tmpdir.so", "pam_mktemp.so":
				r.warn(l.at()+": "+strings.TrimSuffix(module, ".so")+" gives sessions another temporary directory, which they keep if they run no shell, or if it is the user's own",
					commentOut(l.file, l.line))
			case "pam_namespace.so":
				if err := r.polyinstantiation(m, l); err != nil {
					return err
				}
			case "pam_env.so":
				used = true
				for _, a := range args {
					name, file, _ := strings.Cut(a, "=")
					if name == "envfile" || name == "conffile" {
						env[file] = true
					}
				}
			}
		}
	}
	if used {
		if err := r.pamEnv(m, env); err != nil {
			return err
		}
	}
	r.otherwise("no PAM module gives sessions another temporary directory")
	return nil
}

// ignoredService: what editors and package managers leave is no service.
func ignoredService(name string) bool {
	return strings.HasSuffix(name, "~") || strings.Contains(name, ".dpkg-") || strings.Contains(name, ".rpm") || strings.HasPrefix(name, ".")
}

// pamModule finds the module of a line of pam.d(5), and its arguments. The
// control may be in brackets, with spaces.
func pamModule(line string) (string, []string) {
	_, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ") // the type
	rest = strings.TrimSpace(rest)
	if strings.HasPrefix(rest, "[") {
		_, rest, _ = strings.Cut(rest, "]")
	} else {
		_, rest, _ = strings.Cut(rest, " ")
	}
	f := strings.Fields(rest)
	if len(f) == 0 || strings.HasPrefix(line, "@") {
		return "", nil
	}
	return filepath.Base(f[0]), f[1:]
}

// polyinstantiation notes lines of namespace.conf(5) for the directories that
// tmpshell works in. Both work together, and where a scan asks for pam_namespace it
// has to stay: nothing is to be done.
func (r *report) polyinstantiation(m *machine, service numbered) error {
	means := make(map[string]string)
	for _, b := range m.needs.Bases {
		means[string(b)] = "private directories of method env are inside it, where clean and status do not look"
	}
	for _, i := range m.needs.Instances {
		means[i.At] = "methods mount and tmpfs mount over it"
	}
	more, _ := filepath.Glob("/etc/security/namespace.d/*.conf") // a bad pattern only
	for _, file := range append([]string{"/etc/security/namespace.conf"}, more...) {
		list, err := lines(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, l := range list {
			dir := filepath.Clean(strings.Fields(l.text)[0])
			if means[dir] != "" && !r.says(l.at()+": ") {
				r.note(l.at() + ": pam_namespace mounts a directory of its own on " + dir + " for sessions (first by " + service.at() + "): " + means[dir])
			}
		}
	}
	return nil
}

// pamEnv reports the variables of tmpshell in the files that pam_env reads.
func (r *report) pamEnv(m *machine, files map[string]bool) error {
	var names []string
	for f := range files {
		names = append(names, f)
	}
	slices.Sort(names)
	for _, file := range names {
		list, err := lines(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, l := range list {
			text := strings.TrimSpace(strings.TrimPrefix(l.text, "export "))
			end := strings.IndexAny(text, "= \t")
			if end > 0 && slices.Contains(m.variables(), text[:end]) {
				r.warn(l.at()+": pam_env sets "+text[:end]+", which sessions keep that run no shell", commentOut(l.file, l.line))
			}
		}
	}
	return nil
}
