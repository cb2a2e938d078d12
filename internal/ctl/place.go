package ctl

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/filecap"
	"tmpshell/internal/needs"
)

// program is one of those that are installed.
type program struct {
	name, to string
	mode     os.FileMode
	want     capset.Set
	gid      int
	// spare: it is not needed.
	spare bool
}

// programs in the order in which an upgrade replaces them: what a login may call
// before what calls it.
func programs(n needs.Needs) []program {
	return []program{
		// 0711: nobody may trace or read the process of who may not read the
		// program (PR_SET_DUMPABLE of prctl(2)).
		{name: "tmpshell-helper", to: build.Helper(), mode: 0o711, want: n.Helper},
		{name: "tmpshell-remover", to: build.Remover(), mode: 0o711, want: n.Remover, spare: !n.Supervise},
		{name: "tmpshell-supervise", to: build.Supervise(), mode: 0o711, spare: !n.Supervise},
		{name: "tmpshell", to: build.Session(), mode: 0o711, want: n.Session, spare: n.Session == 0},
		{name: "tmpshell", to: build.Launcher(), mode: 0o711},
		{name: "tmpshellctl", to: filepath.Join(build.Bindir, "tmpshellctl"), mode: 0o755, spare: true},
	}
}

// notSetUp says which program lacks capabilities that are needed, or is not there,
// and what helps: logins do without what they need it for, and say so on a terminal
// alone. Empty: none.
func notSetUp(n needs.Needs) string {
	for _, p := range programs(n) {
		have, err := filecap.GetPath(p.to)
		if errors.Is(err, fs.ErrNotExist) && !p.spare {
			return p.to + " is missing; install tmpshell anew"
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err.Error()
		}
		if p.spare {
			continue
		}
		if lacking := p.want &^ have.Permitted; lacking != 0 {
			return p.to + " lacks " + lacking.String() + `, which the configuration needs; run "tmpshellctl setup"`
		}
	}
	return ""
}

// placeAll puts the programs of a directory in their places. All of them are
// written first, under other names, and then renamed one after the other: that
// takes no time, and what cannot be written leaves everything as it was.
func placeAll(dir string, n needs.Needs) (steps []step, ok bool) {
	all := programs(n)
	defer func() {
		for _, p := range all {
			_ = os.Remove(p.fresh()) // where it was not renamed
		}
	}()
	for i, p := range all {
		p, err := p.overridden()
		if err != nil {
			return []step{result(p.to, "", err)}, false
		}
		all[i] = p
		text, err := p.prepare(dir)
		if err != nil {
			return []step{result(p.to, "", err)}, false
		}
		steps = append(steps, result(p.to, text, nil))
	}
	for i, p := range all {
		err := os.Rename(p.fresh(), p.to)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			steps[i] = result(p.to, "", err)
			return steps[:i+1], false // with those before it, an older one works
		}
		syncDirectory(filepath.Dir(p.to))
	}
	return steps, true
}

// fresh is the name of a program before it is in place: no link tmpshell-NAME.
func (p program) fresh() string {
	return filepath.Join(filepath.Dir(p.to), "."+filepath.Base(p.to)+".new")
}

// prepare writes a program, with its capabilities, beside the one in place, unless
// that is the same. A login then finds the old one or the new one, and each of them
// with all that it needs.
func (p program) prepare(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, p.name))
	if err != nil {
		return "", err
	}
	if err := os.Remove(p.fresh()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if p.isThere(text) {
		return "the new one (as it was)", nil
	}
	if err := os.MkdirAll(filepath.Dir(p.to), 0o755); err != nil {
		return "", err
	}
	if p.want == 0 {
		return "the new one", p.write(p.fresh(), text)
	}
	return "the new one with " + p.want.String() + "=p", p.write(p.fresh(), text)
}

// isThere tells whether a program is in its place, as it must be.
func (p program) isThere(text []byte) bool {
	var st unix.Stat_t
	if unix.Lstat(p.to, &st) != nil || st.Mode != unix.S_IFREG|uint32(p.mode) || st.Uid != 0 || int(st.Gid) != p.gid {
		return false
	}
	have, err := filecap.GetPath(p.to)
	old, readErr := os.ReadFile(p.to)
	return err == nil && readErr == nil && have == (filecap.Sets{Permitted: p.want}) && bytes.Equal(old, text)
}

// write makes a program under another name. The capabilities come last: changing
// the owner takes them away. Nothing has it open for writing when it is there, or
// it could not be run (ETXTBSY).
func (p program) write(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = errors.Join(f.Chown(0, p.gid), f.Chmod(p.mode), f.Sync())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if f, err = os.Open(path); err != nil {
		return err
	}
	err = filecap.Set(f, p.want)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// kept are the needs where the configuration is refused: what the programs have.
func kept() needs.Needs {
	n := needs.Needs{Helper: capset.Helper}
	if have, err := filecap.GetPath(build.Session()); err == nil {
		n.Session = have.Permitted
	}
	if have, err := filecap.GetPath(build.Remover()); err == nil {
		n.Remover = have.Permitted & (capset.Remover | capset.SysPtrace)
	}
	return n
}
