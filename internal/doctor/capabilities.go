package doctor

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/capset"
	"tmpshell/internal/filecap"
)

// checkCapabilities: each program has the file capabilities that the
// configuration needs, and no other.
func checkCapabilities(m *machine, r *report) error {
	for _, p := range []struct {
		path string
		want capset.Set
	}{{build.Helper(), m.needs.Helper}, {build.Session(), m.needs.Session}, {build.Remover(), m.needs.Remover}, {build.Supervise(), 0}, {build.Launcher(), 0}} {
		have, err := filecap.GetPath(p.path)
		if errors.Is(err, fs.ErrNotExist) {
			r.note(p.path + " is missing")
			continue
		}
		if err != nil {
			return err
		}
		for _, what := range wrong(have, p.want) {
			r.error(p.path+" "+what, setUp)
		}
	}
	r.otherwise(fmt.Sprintf("%s has %s, and %s has %s", build.Helper(), named(m.needs.Helper), build.Session(), named(m.needs.Session)))
	return nil
}

// wrong lists how a file's capabilities differ from exactly those wanted in the
// permitted set.
func wrong(have filecap.Sets, want capset.Set) []string {
	var list []string
	if have.Root != 0 {
		list = append(list, fmt.Sprintf("has capabilities that count only where uid %d is a user namespace's root", have.Root))
	}
	if missing := want &^ have.Permitted; missing != 0 {
		list = append(list, "lacks "+missing.String()+", which the configuration needs")
	}
	if more := (have.Permitted | have.Inheritable) &^ want; more != 0 {
		list = append(list, "has "+more.String()+", which the configuration does not need")
	}
	if have.Effective {
		list = append(list, "has its capabilities with the effective bit: it could not even be started where one of them is out of bounds, as in a container")
	} else if have.Inheritable&want != 0 {
		list = append(list, "has inheritable capabilities, which it never uses")
	}
	return list
}

func named(s capset.Set) string {
	if s == 0 {
		return "no capabilities"
	}
	return s.String() + "=p"
}

// checkPrivilege: file capabilities count in this session, and so, most
// likely, in those that are started like it.
func checkPrivilege(m *machine, r *report) error {
	if m.needs.Helper|m.needs.Session == 0 {
		r.otherwise("the configuration needs no capabilities")
		return nil
	}
	if n, err := unix.PrctlRetInt(unix.PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); err == nil && n == 1 {
		r.warn("no_new_privs is set in this session: file capabilities do nothing in it, and in others that are started in the same way",
			&Fix{Write: "allowPrivilegeEscalation: true, or no --security-opt no-new-privileges", In: "what starts the container or service"})
	}
	need := m.needs.Helper | m.needs.Session
	if lacking := need &^ capset.Bounding(need); lacking != 0 {
		r.warn(lacking.String()+" is out of bounds in this session, and does nothing in it and in others that are started in the same way",
			&Fix{Write: "--cap-add, or CapabilityBoundingSet=, with " + lacking.String(), In: "what starts the container or service"})
	}
	r.otherwise("file capabilities count in this session")
	return nil
}
