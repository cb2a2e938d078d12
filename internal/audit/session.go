package audit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/config"
)

// Methods that a program can be tried with.
const (
	Plain = "plain" // as without tmpshell
	Env   = "env"
	Mount = "mount"
)

// Session is a session to try a program in. Its directories are made for it alone:
// what a machine is set up for makes no difference, and nothing is left.
type Session struct {
	base   string
	Env    []string
	Places []Place
	Mounts []Mounted
}

// rendezvous are directories in which servers and clients meet; with Mount, they
// stay everybody's.
var rendezvous = []string{".X11-unix", ".ICE-unix"}

// NewSession makes the directories and the environment of a method, by what the
// policy says of variables. Close removes them.
func NewSession(method string, policy config.Policy, environ []string) (s *Session, err error) {
	s = &Session{Env: environ}
	for _, d := range Shared {
		if err := s.place(d, d, false); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if method == Plain {
		for _, d := range directories(policy) {
			for _, name := range d.Variables {
				s.unset(name)
			}
		}
		return s, nil
	}
	if s.base, err = os.MkdirTemp("/tmp", ".audit-"); err != nil {
		return nil, err
	}
	// Its own name stands before the shared directory that it is in.
	err = s.place(s.base, s.base, true)
	for _, d := range directories(policy) {
		if err == nil {
			err = s.directory(method, d)
		}
	}
	if err == nil && policy.RuntimeDirectory {
		err = s.runtime()
	}
	if err == nil {
		for _, v := range policy.SetEnv {
			s.set(v.Name, s.expand(v.Value))
		}
		err = s.place("/tmp/.private", "/tmp/.private", true)
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// directories are those that a policy has for anybody.
func directories(policy config.Policy) []config.Directory {
	list := slices.DeleteFunc(slices.Clone(policy.Directories), func(d config.Directory) bool { return d.Method == config.Off })
	if !slices.ContainsFunc(list, func(d config.Directory) bool { return d.Path == "/tmp" }) {
		list = append(list, config.Directory{Path: "/tmp", Variables: []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}})
	}
	return list
}

// Close removes what was made.
func (s *Session) Close() {
	if s.base != "" {
		_ = os.RemoveAll(s.base)
	}
}

// place adds a directory, which is shown as path.
func (s *Session) place(dir, path string, private bool) error {
	p, err := NewPlace(dir, private)
	if err == nil {
		p.Path = path
		s.Places = append(s.Places, p)
	}
	return err
}

// directory makes the private one that stands for a directory.
func (s *Session) directory(method string, d config.Directory) error {
	mode := os.FileMode(0o700)
	own := filepath.Join(s.base, strings.ReplaceAll(strings.TrimPrefix(d.Path, "/"), "/", "-"))
	shown := own
	if method == Mount {
		shown = d.Path
		mode = 0o777 | os.ModeSticky // as the one that it stands for; nobody reaches it
	}
	if err := errors.Join(os.Mkdir(own, 0o700), os.Chmod(own, mode), s.place(own, shown, true)); err != nil {
		return err
	}
	for _, name := range d.Variables {
		s.set(name, shown)
	}
	if method != Mount {
		return nil
	}
	s.Mounts = append(s.Mounts, Mounted{own, d.Path})
	for _, name := range rendezvous {
		from := filepath.Join(d.Path, name)
		if info, err := os.Stat(from); d.Path != "/tmp" || err != nil || !info.IsDir() {
			continue
		}
		if err := errors.Join(os.Mkdir(filepath.Join(own, name), 0o700), s.place(from, from, false)); err != nil {
			return err
		}
		s.Mounts = append(s.Mounts, Mounted{from, from})
	}
	return nil
}

// runtime keeps XDG_RUNTIME_DIR if it is the user's own, as a login does.
func (s *Session) runtime() error {
	var st unix.Stat_t
	dir := s.get("XDG_RUNTIME_DIR")
	if filepath.IsAbs(dir) && unix.Lstat(dir, &st) == nil && st.Mode == unix.S_IFDIR|0o700 && int(st.Uid) == os.Geteuid() {
		return nil
	}
	dir = filepath.Join(s.base, "run")
	s.set("XDG_RUNTIME_DIR", dir)
	return os.Mkdir(dir, 0o700)
}

func (s *Session) get(name string) string {
	for _, entry := range s.Env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func (s *Session) unset(name string) {
	s.Env = slices.DeleteFunc(slices.Clone(s.Env), func(e string) bool { return strings.HasPrefix(e, name+"=") })
}

func (s *Session) set(name, value string) {
	s.unset(name)
	s.Env = append(s.Env, name+"="+value)
}

// expand replaces ${NAME} as a login does.
func (s *Session) expand(value string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(value, "${")
		if !found {
			b.WriteString(value)
			return b.String()
		}
		if plain, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(plain + "${")
			value = after
			continue
		}
		name, rest, _ := strings.Cut(after, "}")
		b.WriteString(before + s.get(name))
		value = rest
	}
}
