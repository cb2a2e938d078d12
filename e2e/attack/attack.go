// Package attack has what the attacks and the faults of the end-to-end tests
// have in common: a program at the end of a login that says what it was given,
// and the rules that this must keep whatever has been done to the login.
package attack

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// Programs that Build makes, by their sources in programs/.
const (
	Session    = "/usr/local/bin/session"
	Naive      = "/usr/local/bin/naive"
	NaiveMount = "/usr/local/bin/naivemount"
	Racer      = "/usr/local/bin/racer"
	Logins     = "/usr/local/bin/logins"
	NaiveUser  = "/usr/local/bin/naiveuser"
	Assail     = "/usr/local/bin/assail"
)

// Build compiles programs in a view.
func Build(t testing.TB, programs ...string) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range programs {
		source := filepath.Join(root, "e2e/attack/programs", filepath.Base(program)+".c")
		view.Compile(t, program, []string{"-static", "-O1", "-Wall", "-Wextra", "-Werror"}, source)
		if program == Naive || program == NaiveMount {
			rig.Must(t, "chmod", "4755", program)
		}
	}
}

// Facts are what Session says.
type Facts struct {
	UID        uint32
	Dir        string // $TMPDIR, empty where there is none
	DirStat    Stat
	Tmp        Stat // of /tmp, as the session sees it
	Namespace  string
	Restricted bool // no_new_privs
	Args       int  // 3 if Session itself was executed as the shell
	// Gained are capabilities, which no session may have.
	Gained      []string
	Descriptors []string // beyond 0 to 2
}

// Stat is what lstat(2) says.
type Stat struct {
	UID, Mode uint32
	File      string // device and inode
}

// String is "UID MODE", with the type of the file, as in st_mode.
func (s Stat) String() string { return fmt.Sprintf("%d %o", s.UID, s.Mode) }

// Parse reads what Session printed; without it there was no session.
func Parse(stdout string) (f Facts, ok bool) {
	for line := range strings.Lines(stdout) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		switch key {
		case "uid":
			var effective uint32
			_, err := fmt.Sscan(value, &f.UID, &effective)
			if ok = err == nil; f.UID != effective {
				f.Gained = append(f.Gained, "effective uid "+value)
			}
		case "arguments":
			f.Args, _ = strconv.Atoi(value) // 0 is never right
		case "no_new_privs":
			f.Restricted = value == "1"
		case "TMPDIR":
			f.Dir = value
		case "directory":
			f.DirStat = parseStat(value)
		case "tmp":
			f.Tmp = parseStat(value)
		case "namespace":
			f.Namespace = value
		case "capabilities":
			if !strings.HasSuffix(value, "\t0000000000000000") {
				f.Gained = append(f.Gained, value)
			}
		case "descriptor":
			f.Descriptors = append(f.Descriptors, value)
		}
	}
	return f, ok
}

func parseStat(text string) (s Stat) {
	_, _ = fmt.Sscanf(text, "%d %o %s", &s.UID, &s.Mode, &s.File) // zero is never right
	return s
}

// ownDirectory is st_mode of a private directory of method env.
const (
	ownDirectory    = 0o40700
	sharedDirectory = 0o41777
)

// Kind is how a login has ended.
type Kind string

// The ways that a login may end, and the one that it may not.
const (
	Right     Kind = "session"           // with the directory that is configured
	Fallback  Kind = "fallback"          // with another private directory, that OnFailure fallback allows
	Without   Kind = "without directory" // no variable names any
	Refused   Kind = "refused"           // 125 and a reason
	Killed    Kind = "killed"            // by a signal that was sent
	Reported  Kind = "reported"          // by the helper: a code of its own and a reason
	NoShell   Kind = "no shell"          // 126 or 127 and a reason: the shell could not be executed
	Violation Kind = "VIOLATION"
)

// Login is what was configured and found outside.
type Login struct {
	UID uint32
	// Instance is the directory that /tmp is to be in the session, empty
	// for method env.
	Instance string
	// InstanceFile is the file of a tmpfs, which nothing else shows.
	InstanceFile string
	Shared       Stat // /tmp outside
	Outside      string
	Deny         bool
	// Restricted: NoNewPrivileges yes. AsShell: Shell is Session.
	Restricted, AsShell bool
	// Descriptors are those that the caller has open.
	Descriptors []string
}

// Judge tells how a login ended, and what is wrong with that.
func (l Login) Judge(r rig.Result) (Kind, string) {
	wrong := func(format string, args ...any) (Kind, string) {
		return Violation, fmt.Sprintf(format, args...) + fmt.Sprintf("; status %d, stdout %q, stderr %q", r.Status, r.Stdout, r.Stderr)
	}
	if strings.Contains(r.Stderr, "goroutine ") || strings.Contains(r.Stderr, "panic") {
		return wrong("a stack trace")
	}
	f, ok := Parse(r.Stdout)
	switch {
	case !ok && r.Stdout != "":
		return wrong("something on standard output")
	case !ok && r.Signal != 0:
		return Killed, ""
	case !ok && r.Status == 125 && oneLine(r.Stderr):
		return Refused, ""
	case !ok && (r.Status == 126 || r.Status == 127) && strings.HasPrefix(r.Stderr, "tmpshell: cannot run /"):
		return NoShell, ""
	case !ok:
		return wrong("no session, and not 125 with one line")
	case r.Status != 0:
		return wrong("the session's status is lost")
	case f.UID != l.UID || len(f.Gained) > 0:
		return wrong("uid %d has gained %q", f.UID, f.Gained)
	case l.Restricted && !f.Restricted:
		return wrong("NoNewPrivileges yes, and no_new_privs is not set")
	case l.AsShell && f.Args != 3:
		return wrong("the shell is not that of the configuration")
	case !slices.Equal(f.Descriptors, l.Descriptors):
		return wrong("descriptors %q, the caller has %q", f.Descriptors, l.Descriptors)
	}
	private := fmt.Sprintf("/tmp/.private/%d", l.UID)
	own := f.DirStat.UID == l.UID && f.DirStat.Mode == ownDirectory
	changed := f.Tmp.File != l.Shared.File
	instance := l.InstanceFile
	if instance == "" && l.Instance != "" {
		instance = Lstat(l.Instance).File
	}
	kind := Right
	switch {
	case l.Instance != "" && f.Dir == "/tmp":
		if f.Tmp.File != instance || f.Tmp.UID != 0 || f.Tmp.Mode != sharedDirectory || f.Namespace == l.Outside {
			return wrong("TMPDIR is /tmp, which is not the session's own")
		}
		return Right, ""
	case changed:
		return wrong("/tmp is not the shared directory any more")
	case l.Instance != "" && f.Namespace != l.Outside:
		return wrong("left in a namespace of its own")
	case f.Dir == "":
		kind = Without
	case !own:
		return wrong("%s is %v", f.Dir, f.DirStat)
	case f.Dir == private && l.Instance == "":
		return Right, ""
	case f.Dir == private, strings.HasPrefix(f.Dir, fmt.Sprintf("/tmp/.private-%d", l.UID)):
		kind = Fallback
	default:
		return wrong("TMPDIR is %s", f.Dir)
	}
	if l.Deny {
		return wrong("OnFailure deny, and a session all the same")
	}
	return kind, ""
}

// oneLine: one line of tmpshell's, and a hint perhaps.
func oneLine(stderr string) bool {
	lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
	return strings.HasPrefix(lines[0], "tmpshell: ") && len(lines) <= 2 &&
		(len(lines) == 1 || strings.HasPrefix(lines[1], "tmpshell: hint: ") || strings.HasPrefix(lines[1], "hint: "))
}
