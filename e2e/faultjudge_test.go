package e2e

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
)

// starving are the errors that keep a process from finding out (tmpshell-internals(7),
// ERRORS): limits, memory, input and output, a time-out.
var starving = []string{"EMFILE", "ENOMEM", "EAGAIN", "EIO", "ETIMEDOUT"}

// keeps tells whether a fault is of that kind. EINTR is not: it is tried again.
func keeps(fault string) bool {
	return slices.Contains(starving, fault) || slices.Contains([]string{"ENFILE", "ECHILD", "EBUSY", "EMLINK", "ENODATA"}, fault)
}

// login is what a right login finds. The shared /tmp is as a process outside
// sees it.
func (p faultProgram) login(t *testing.T) attack.Login {
	t.Helper()
	r := rig.Command{Path: attack.Session, Args: []string{"session"}, Env: os.Environ()}.Run(t)
	outside, ok := attack.Parse(r.Stdout)
	if !ok {
		t.Fatalf("%+v", r)
	}
	l := attack.Login{UID: p.account.UID, Shared: outside.Tmp, Outside: outside.Namespace, Descriptors: outside.Descriptors}
	if p.mounted {
		l.Instance = fmt.Sprintf("/var/lib/tmpshell/%d/tmp", p.account.UID)
	}
	return l
}

// judge is Judge, or for the helper what its exit status says.
func (p faultProgram) judge(l attack.Login, i injection, r rig.Result) (attack.Kind, string) {
	if !p.helper {
		if r.Stdout+r.Stderr == "" && i.hits(unix.SYS_WRITE) { // it could not say so
			switch r.Status {
			case 125:
				return attack.Refused, ""
			case 126, 127:
				return attack.NoShell, ""
			}
		}
		return l.Judge(r)
	}
	const failed, gone, kept, wrong, setup = 1, 2, 3, 4, 5
	said := r.Stdout == "" && strings.HasPrefix(r.Stderr, "tmpshell-helper: ") && !strings.Contains(r.Stderr, "goroutine")
	switch {
	case r.Signal != 0:
		return attack.Killed, ""
	case r.Status == 0 && r.Stdout+r.Stderr == "":
		return attack.Right, ""
	case (r.Status == failed || r.Status == kept || r.Status == setup) && said:
		return attack.Reported, ""
	case r.Status == wrong && r.Stdout+r.Stderr == "":
		return attack.Reported, "" // the log says what is wrong with the configuration
	case r.Status == gone && !i.call.ours && r.Stdout == "":
		return attack.Reported, "" // the Go runtime gives up, and the launcher takes it so
	}
	return attack.Violation, fmt.Sprintf("the helper: status %d, %q, %q", r.Status, r.Stdout, r.Stderr)
}

// allowed tells whether a login may end so. Judge has seen to it that no session
// has less than is demanded by Shell, NoNewPrivileges and deny.
func (p faultProgram) allowed(d demand, i injection, end attack.Kind, stderr string) string {
	if p.helper {
		return ""
	}
	demanded := p.mounted || d.name != demandNothing.name
	// Of a pair, the first fault alone may be a reason for what OnFailure says.
	starves := keeps(i.fault)
	executes := i.hits(unix.SYS_EXECVE)
	switch {
	case end == attack.Killed:
		if i.fault != kill {
			return "it died of a signal"
		}
	case i.fault == stop && end != attack.Right:
		return "it was stopped for a moment, and no more"
	case end == attack.NoShell:
		if !executes {
			return "the shell was not the matter"
		}
	case demanded && starves && end != attack.Right && end != attack.Refused:
		return "something is demanded, and it was kept from finding out: that is no session"
	case end == attack.Refused && stderr == "" && i.hits(unix.SYS_WRITE):
		// The reason is not known.
	case !demanded && end == attack.Refused && !i.mayRefuse() && !(p.helps && i.call.between) && !strings.Contains(stderr, " /etc/passwd: "):
		// The shell of an account may be one that restricts it; and where the
		// policy has to be compiled, nothing is known before it is.
		return "nothing is demanded"
	}
	return ""
}

// mayRefuse: what the configuration demands was not known yet, or privilege could
// not be given up, or looked at.
func (i injection) mayRefuse() bool {
	return i.call.unknown || i.hits(unix.SYS_CAPGET) || i.hits(unix.SYS_CAPSET) || i.hits(unix.SYS_PRCTL)
}

// hits tells whether one of the faults is of a call of this number.
func (i injection) hits(call int) bool {
	return i.call.number == call || i.after > 0 && i.second == call
}

// mountWatch tells whether the mounts have changed.
type mountWatch struct {
	table *os.File
	text  string
}

func watchMounts(t *testing.T) *mountWatch {
	t.Helper()
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	w := &mountWatch{table: f}
	w.changed(t)
	return w
}

// changed returns the table if it is another one than before. The kernel says when
// to look (proc_pid_mounts(5)).
func (w *mountWatch) changed(t *testing.T) string {
	t.Helper()
	p := []unix.PollFd{{Fd: int32(w.table.Fd()), Events: unix.POLLPRI}}
	if n, err := unix.Poll(p, 0); w.text != "" && n == 0 && err == nil {
		return ""
	}
	_, err := w.table.Seek(0, io.SeekStart)
	text, err2 := io.ReadAll(w.table)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	before := w.text
	if w.text = string(text); before == "" || before == w.text {
		return ""
	}
	return w.text
}

// leftovers are what no run may leave: objects moved aside although nobody has
// squatted anything, and directories in the bases that are not their user's.
func leftovers(t *testing.T) string {
	t.Helper()
	var odd []string
	for _, pattern := range []string{"/tmp/.private*", "/tmp/.private/*", "/run/user/*", "/run/tmpshell/*/*", "/var/lib/tmpshell/*", "/var/lib/tmpshell/*/*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			var st unix.Stat_t
			if err := unix.Lstat(name, &st); err != nil {
				t.Fatal(err)
			}
			ours := filepath.Base(name) == "1000" && filepath.Dir(name) != "/var/lib/tmpshell"
			if strings.Contains(name, "squatted") || ours && st.Uid != 1000 || !ours && st.Uid != 0 && !strings.HasPrefix(name, "/tmp/.private-1000") {
				odd = append(odd, fmt.Sprintf("left behind: %s of %d", name, st.Uid))
			}
		}
	}
	return strings.Join(odd, ", ")
}

var number = regexp.MustCompile(`[0-9]+`)

// files describes all that a login finds and that a run can have changed: names,
// types, owners, modes and contents. Numbers of sessions, which differ each time,
// are all the same.
func files(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, top := range []string{"/tmp", "/run/user", "/run/tmpshell", "/var/lib/tmpshell", "/var/lib/misc"} {
		err := filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
			var st unix.Stat_t
			if err == nil {
				err = unix.Lstat(path, &st)
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, path, st.Uid, st.Gid, st.Mode)
			var text []byte
			switch st.Mode & unix.S_IFMT {
			case unix.S_IFREG:
				if text, err = os.ReadFile(path); strings.HasPrefix(path, filepath.Dir(sessionsList)) {
					text = number.ReplaceAll(text, []byte("N"))
				}
			case unix.S_IFLNK:
				var target string
				target, err = os.Readlink(path)
				text = []byte(target)
			}
			b.Write(text)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	return b.String()
}
