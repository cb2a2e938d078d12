package config

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/source"
	"tmpshell/internal/sys"
)

// Bounds of a configuration, so that a wrong file costs a login no time.
const (
	maxFile  = 1 << 20
	maxFiles = 1000
	maxDepth = 16
)

// Errors is all that is wrong with a configuration.
type Errors []*Error

func (e Errors) Error() string {
	var b strings.Builder
	for i, one := range e {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(one.Error())
	}
	return b.String()
}

type loader struct {
	// kept: a file could not be looked at for a want of descriptors or
	// memory, or an error of a disk.
	kept bool
	// root is the directory that relative names of Include are in.
	root string
	// owned: refuse files that somebody other than root could have written.
	owned bool
	// files were opened, names of them read.
	files   int
	names   []string
	sources []source.Source
}

// Load reads the configuration at path, which must be safe. A file that does not
// exist is the built-in configuration; a link to nothing is an error, as of a volume that
// is not mounted. An error is of type Errors, or wraps it
// (see Kept); of the configuration that is returned with it, Sources alone
// counts.
func Load(path string) (*Config, error) { return load(path, true) }

// Check reads a file as Load does, but whoever owns it: a draft is not in
// force.
func Check(path string) (*Config, error) { return load(path, false) }

func load(file string, owned bool) (*Config, error) {
	l := &loader{root: path.Dir(file), owned: owned}
	text, err := l.read(file)
	if errors.Is(err, fs.ErrNotExist) && owned {
		return &Config{Sources: l.sources}, nil
	}
	if err != nil {
		return l.failed(Errors{{Pos{File: file}, err.Error()}})
	}
	return parse(file, text, l)
}

// Parse reads a configuration from text, under a name for its messages. What it
// includes is read from the file system.
func Parse(name, text string) (*Config, error) {
	return parse(name, text, &loader{root: path.Dir(name)})
}

func parse(name, text string, l *loader) (*Config, error) {
	p := &parser{conf: &Config{}, loader: l}
	p.file(name, text, context{section: &p.conf.Global})
	p.conflicts()
	if len(p.errs) > 0 {
		return l.failed(p.errs)
	}
	p.conf.Files, p.conf.Sources = l.names, l.sources
	return p.conf, nil
}

// read opens, verifies and reads one file.
func (l *loader) read(file string) (string, error) {
	if l.files++; l.files > maxFiles {
		return "", errors.New("more than 1000 files are included")
	}
	var text []byte
	err := l.source(file, func(fd int, st *bare.Stat) (err error) {
		switch {
		case st.Type() != unix.S_IFREG:
			return errors.New("not a regular file")
		case l.owned && st.UID != 0:
			return errors.New("not owned by root; run: chown root " + file)
		case l.owned && st.Perm()&0o022 != 0:
			return errors.New("writable by group or others; run: chmod go-w " + file)
		case st.Size > maxFile:
			return errors.New("larger than 1 MiB")
		}
		text, err = sys.ReadAll(fd, int(st.Size), maxFile)
		return err
	})
	if err == nil {
		switch last := &l.sources[len(l.sources)-1]; {
		case last.Absent:
			return "", unix.ENOENT
		case last.Dangling:
			return "", errors.New("a symbolic link to something that does not exist")
		}
	}
	if err == nil {
		l.names = append(l.names, file)
	}
	return string(text), err
}

// source reads a file or directory and remembers as what it was read.
func (l *loader) source(path string, read func(int, *bare.Stat) error) error {
	s, err := source.Read(path, read)
	if s.Path != "" {
		l.sources = append(l.sources, s)
	}
	if pe, ok := err.(*fs.PathError); ok {
		err = pe.Err // the path is said by who knows where it is from
	}
	return l.keeps(err)
}

// noFile begins the notice of an Include that includes nothing.
const noFile = "no file matches "

// IsEmptyInclude tells whether a notice is that of an Include whose pattern
// matches no file, which is what a directory for later files looks like.
func (e *Error) IsEmptyInclude() bool { return strings.HasPrefix(e.Message, noFile) }

// include reads the files of an Include line where it stands. As in
// sshd_config(5), a pattern that matches nothing is no error.
func (p *parser) include(pos Pos, args []string, ctx *context) error {
	if len(args) == 0 {
		return errors.New("Include takes files or patterns")
	}
	if p.depth == maxDepth {
		return errors.New("files include each other more than 16 levels deep")
	}
	p.depth++
	defer func() { p.depth-- }()
	for _, arg := range args {
		if !path.IsAbs(arg) {
			arg = path.Join(p.loader.root, arg)
		}
		names, err := p.loader.expand(arg)
		if err != nil {
			return err
		}
		if len(names) == 0 {
			p.notice(pos, noFile+arg)
		}
		for _, name := range names {
			text, err := p.loader.read(name)
			if err != nil {
				return errors.New(name + ": " + err.Error())
			}
			inner := context{section: ctx.section, outer: p.criteriaOf(ctx)}
			p.file(name, text, inner)
		}
	}
	return nil
}

// criteriaOf returns the criteria of the block that ctx stands in.
func (p *parser) criteriaOf(ctx *context) []Criterion {
	if ctx.section != &p.conf.Global {
		return ctx.section.Criteria
	}
	return ctx.outer
}

// expand lists the files that a pattern matches, sorted; '*' and '?' work in the
// last component. What was looked at for that is a source, too.
func (l *loader) expand(pattern string) ([]string, error) {
	dir, base := path.Split(pattern)
	if strings.ContainsAny(dir, "*?") {
		return nil, errors.New("Include takes '*' and '?' in the last component only: " + pattern)
	}
	if !strings.ContainsAny(base, "*?") {
		var st unix.Stat_t
		// A link to nothing is an error, as it is where a pattern finds it.
		if err := unix.Lstat(pattern, &st); err == unix.ENOENT {
			l.sources = append(l.sources, source.Gone(pattern))
			return nil, nil
		}
		return []string{pattern}, nil // whatever else is wrong, read says
	}
	var names []string
	dir = path.Clean(dir) // "." for a draft that was named without a directory
	err := l.source(dir, func(fd int, _ *bare.Stat) (err error) {
		names, err = sys.DirNamesOf(fd, dir)
		return err
	})
	if err != nil {
		return nil, err
	}
	var found []string
	for _, n := range names {
		if bare.Glob(base, n) && (n[0] != '.' || base[0] == '.') {
			found = append(found, path.Join(dir, n))
		}
	}
	slices.Sort(found)
	return found, nil
}
