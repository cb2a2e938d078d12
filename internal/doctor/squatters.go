package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

// checkSquatters: nobody sits in the place of a base, and what was found there
// and moved aside has been looked at.
func checkSquatters(m *machine, r *report) error {
	for _, b := range m.needs.Bases {
		if isSessions(string(b)) {
			continue // checkBases says so
		}
		var st unix.Stat_t
		if isSquatted(b) && unix.Lstat(b.Path(), &st) == nil {
			what := "is not a directory"
			if st.Mode&unix.S_IFMT == unix.S_IFDIR {
				what = "is a directory"
			}
			r.error(fmt.Sprintf("%s %s, and belongs to uid %d: somebody took the name; the next login moves it aside",
				b.Path(), what, st.Uid), setUp)
			continue
		}
		if err := r.movedAside(string(b), private.Base); err != nil {
			return err
		}
		if err := r.movedAside(b.Path(), ""); err != nil {
			return err
		}
	}
	var places []string
	for _, i := range m.needs.Instances {
		places = append(places, private.Run, making.StoreOf(i))
	}
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		if err := r.movedAside(path.Dir(place), path.Base(place)); err != nil {
			return err
		}
	}
	r.otherwise("nobody took a base's name, and nothing is left of earlier attempts")
	return nil
}

// movedAside reports what tmpshell moved aside in a directory: entries that were
// called was, or a number, for an empty was.
func (r *report) movedAside(dir, was string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // checkBases says so
	}
	if errors.Is(err, fs.ErrPermission) {
		r.note("only root can tell what is in " + dir)
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := making.IsMovedAside(e.Name())
		if !ok || was != "" && name != was || was == "" && strings.Trim(name, "0123456789") != "" {
			continue
		}
		whose := ""
		var st unix.Stat_t
		if unix.Lstat(path.Join(dir, e.Name()), &st) == nil {
			whose = fmt.Sprintf(", and belongs to uid %d", st.Uid)
		}
		at := path.Join(dir, e.Name())
		r.warn(at+" was found in the place of "+path.Join(dir, name)+whose+": look at it, ask its owner, and remove it", run("rm", "-rf", "--one-file-system", "--", at))
	}
	return nil
}
