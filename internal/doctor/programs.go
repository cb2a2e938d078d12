package doctor

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/wrapper"
)

// checkPrograms: the programs are there and can be run, nobody but root can
// exchange them, and none is setuid: tmpshell works with file capabilities alone.
func checkPrograms(m *machine, r *report) error {
	seen := make(map[string]bool)
	spare := map[string]bool{build.Session(): m.needs.Session == 0, build.Supervise(): !m.needs.Supervise, build.Remover(): !m.needs.Supervise}
	for _, program := range []string{build.Launcher(), build.Session(), build.Helper(), build.Supervise(), build.Remover(), build.Bindir + "/tmpshellctl"} {
		nodes, err := way(program)
		if errors.Is(err, fs.ErrNotExist) {
			if !spare[program] {
				r.error(program+" is missing; install tmpshell again", nil)
			}
			continue
		}
		if err != nil {
			return err
		}
		file := nodes[len(nodes)-1]
		r.rootsAlone(nodes[:len(nodes)-1], path.Base(program), seen)
		r.program(file, program)
		if err := r.executable(file, program); err != nil {
			return err
		}
	}
	r.otherwise(fmt.Sprintf("%s and %s are root's alone, and not setuid", build.Launcher(), build.Helper()))
	return nil
}

// executable checks that the file is a program: what was cut to nothing, or filled with
// zeros, by a full disk or a crash is not.
func (r *report) executable(n node, name string) error {
	if n.st.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil
	}
	f, err := os.Open(n.path)
	if errors.Is(err, fs.ErrPermission) {
		r.note("only root can read " + name)
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	begin := make([]byte, len(elf))
	if k, err := f.ReadAt(begin, 0); err != nil && err != io.EOF {
		return err
	} else if string(begin[:k]) != elf {
		r.error(name+" is damaged: it is no program; install tmpshell again", nil)
	}
	return nil
}

// elf begins every program, see elf(5).
const elf = "\x7fELF"

// program checks the file itself.
func (r *report) program(n node, name string) {
	mode := n.st.Mode & 0o7777
	if n.st.Mode&unix.S_IFMT != unix.S_IFREG {
		r.error(name+" is not a regular file; install tmpshell again", nil)
		return
	}
	if n.st.Uid != 0 {
		// chown(2) takes the capabilities away.
		r.error(fmt.Sprintf("%s belongs to uid %d, whose code every session would run", name, n.st.Uid),
			run("chown", "root", n.path).then("tmpshellctl", "setup"))
	}
	if mode&0o022 != 0 {
		r.error(fmt.Sprintf("%s has mode %04o: others than root can write what every session runs", name, mode),
			run("chmod", "go-w", n.path))
	}
	if mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		r.error(fmt.Sprintf("%s has mode %04o: it is setuid or setgid, which tmpshell never is", name, mode),
			run("chmod", "ug-s", n.path))
	}
	if mode&0o111 != 0o111 {
		r.error(fmt.Sprintf("%s has mode %04o: not every user can run it", name, mode),
			run("chmod", "a+x", n.path))
	}
}

// checkLinks: what is called tmpshell-NAME is the launcher.
func checkLinks(_ *machine, r *report) error {
	for _, link := range wrapper.Candidates() {
		nodes, err := way(link)
		if errors.Is(err, fs.ErrNotExist) {
			r.error(link+" leads nowhere: accounts with this shell cannot log in", run("ln", "-sfn", "tmpshell", link))
			continue
		}
		if err != nil {
			return err
		}
		if wrapper.IsLauncher(link) || link == build.Helper() || link == build.Session() || link == build.Supervise() || link == build.Remover() {
			continue // which checkPrograms looks at
		}
		n := nodes[len(nodes)-1]
		what, verdict := "another file than "+build.Launcher()+", which no new version replaces", Warning
		if n.st.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
			what, verdict = what+", and setuid or setgid", Error
		}
		if n.st.Uid != 0 || n.st.Mode&0o022 != 0 {
			what, verdict = what+", and not root's alone", Error
		}
		r.add(verdict, link+" is "+what, run("ln", "-sfn", "tmpshell", link))
	}
	r.otherwise("every " + build.Launcher() + "-NAME is a link to " + build.Launcher())
	return nil
}
