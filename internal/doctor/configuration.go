package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"tmpshell/internal/build"
	"tmpshell/internal/config"
)

// checkConfiguration: what the file says is what is done.
func checkConfiguration(m *machine, r *report) error {
	var errs config.Errors
	if errors.As(m.confErr, &errs) {
		for _, e := range errs {
			fact, command, _ := strings.Cut(e.Error(), "; run: ")
			var fix *Fix
			if command != "" {
				fix = &Fix{Run: command}
			}
			r.error(fact+"; logins go by the last good configuration", fix)
		}
		return nil
	}
	if m.confErr != nil {
		return m.confErr
	}
	for _, n := range m.conf.Notices {
		switch word := n.Meant(); {
		case n.IsEmptyInclude(), n.IsOfTickets():
			r.note(n.Error())
		case word != "":
			r.warn(n.Error(), &Fix{Write: word, In: n.Pos.String()})
		default:
			r.warn(n.Error(), commentOut(n.File, n.Line))
		}
	}
	for _, e := range m.conf.Unmet {
		r.warn(e.Error()+"; logins do without it", commentOut(e.File, e.Line))
	}
	if _, err := os.Stat(build.Config); errors.Is(err, fs.ErrNotExist) {
		r.otherwise(build.Config + " does not exist: the built-in configuration is in force")
		return nil
	}
	r.otherwise(build.Config + " is in force")
	return nil
}

// checkConfigurationPath: nobody but root can put another file in the place of
// the configuration, or of one that it includes. The files themselves are
// checked whenever they are read.
func checkConfigurationPath(m *machine, r *report) error {
	files := m.conf.Files
	if len(files) == 0 {
		files = []string{build.Config}
	}
	seen := make(map[string]bool)
	for _, file := range files {
		nodes, err := way(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		r.rootsAlone(directories(nodes), file, seen)
	}
	r.otherwise(fmt.Sprintf("the directories that lead to %s are root's alone", strings.Join(files, ", ")))
	return nil
}
