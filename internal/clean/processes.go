package clean

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/account"
	"tmpshell/internal/sys"
)

// Process is one that a user has.
type Process struct {
	PID  int    `json:"pid"`
	Name string `json:"name"`
	// Namespace is that of its mounts, Session that of setsid(2); empty and 0
	// where this PID namespace has no number for it.
	Namespace string `json:"-"`
	Session   int    `json:"-"`
}

// Processes is what one or more looks at /proc have found: rule (k).
type Processes struct {
	// Of are those that have a uid as the real, effective, saved or
	// file-system one.
	Of map[uint32][]Process
	// shows is where mounts show what is in one of the places of a run.
	shows []shown
	// fresh are the sessions' own tmpfs, of the last look.
	fresh []fresh
}

// Using tells by whom a user's directories are used.
func (p *Processes) Using(uid uint32) []Process { return p.Of[uid] }

// looks bounds how often /proc is read before nothing is known.
const looks = 200

var errBusy = errors.New("processes come and go faster than /proc can be read: it is not known whose they are")

// look reads /proc until one look was complete: until no process ended between
// being listed and being read, and process numbers did not begin anew meanwhile.
// As long as numbers only grow, a user who forks all the time has at every moment
// a process with a higher number than those that have been listed, and one of them
// is listed. What an incomplete look has found counts, too.
func look(interest []fsPath, except []int) (*Processes, error) {
	all := &Processes{Of: map[uint32][]Process{}}
	proc, err := sys.OpenPath("/proc")
	if err != nil {
		return nil, err
	}
	defer sys.Close(proc)
	for range looks {
		l := looker{proc: proc, interest: interest, except: except, found: Processes{Of: map[uint32][]Process{}}, seen: map[string]bool{}}
		complete, err := l.once()
		if err != nil {
			return nil, err
		}
		if complete {
			for uid, list := range all.Of {
				if len(l.found.Of[uid]) == 0 {
					l.found.Of[uid] = list
				}
			}
			l.found.shows = append(l.found.shows, all.shows...)
			return &l.found, nil
		}
		maps.Copy(all.Of, l.found.Of)
		all.shows = l.found.shows
	}
	return nil, errBusy
}

// looker is one look.
type looker struct {
	proc     int
	interest []fsPath
	except   []int // processes that do not count
	found    Processes
	seen     map[string]bool // mount namespaces
	text     [4 << 10]byte
}

func (l *looker) once() (complete bool, err error) {
	before, err := lastPID()
	if err != nil {
		return false, err
	}
	dir, err := sys.Reopen(l.proc)
	if err != nil {
		return false, err
	}
	defer sys.Close(dir)
	// Room for a few names, so that little time is between list and look.
	var buf [96]byte
	complete = true
	for {
		n, err := unix.ReadDirent(dir, buf[:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return false, err
		}
		if n == 0 {
			break
		}
		_, _, names := unix.ParseDirent(buf[:n], -1, make([]string, 0, 4))
		for _, name := range names {
			pid, err := strconv.Atoi(name)
			if err != nil {
				continue
			}
			there, err := l.process(pid, name)
			if err != nil {
				return false, err
			}
			complete = complete && there
		}
	}
	after, err := lastPID()
	return complete && after >= before, err
}

// process looks at one; false: it has ended.
func (l *looker) process(pid int, name string) (bool, error) {
	if slices.Contains(l.except, pid) {
		return true, nil
	}
	text, err := l.read(name + "/status")
	if err != nil {
		return false, onlyKept(err)
	}
	ids, dead, ok := parseStatus(text)
	if !ok {
		return false, nil
	}
	if dead {
		return true, nil
	}
	p := Process{PID: pid, Name: field(text, "Name:"), Session: first(field(text, "NSsid:"))}
	var at string
	if at, p.Namespace, err = mountNamespace(l.proc, name); err != nil {
		return false, onlyKept(unseen(p, err))
	}
	for i, uid := range ids {
		if !slices.Contains(ids[:i], uid) {
			l.found.Of[uid] = append(l.found.Of[uid], p)
		}
	}
	if l.seen[p.Namespace] || len(l.interest) == 0 {
		return true, nil
	}
	list, tmpfs, err := readMounts(l.proc, at, pid, l.interest)
	if err != nil {
		return false, onlyKept(err)
	}
	l.seen[p.Namespace] = true
	l.found.shows = append(l.found.shows, list...)
	l.found.fresh = append(l.found.fresh, tmpfs...)
	return true, nil
}

// unseen says what a process that cannot be looked at is the reason for.
func unseen(p Process, err error) error {
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) {
		return &fs.PathError{Op: "the mounts that a process sees are not known: read", Path: "/proc/" + strconv.Itoa(p.PID) + "/ns/mnt (" + p.Name + ")", Err: errnoOf(err)}
	}
	return err
}

// onlyKept is no error for a process that has ended. EINVAL is what mountinfo says of one
// that is in no mount namespace any more (mounts_open_common of the kernel).
func onlyKept(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EINVAL) {
		return nil
	}
	return err
}

func (l *looker) read(name string) ([]byte, error) {
	fd, err := openIn(l.proc, name)
	if err != nil {
		return nil, err
	}
	defer sys.Close(fd)
	n := 0
	err = sys.Retry(func() (err error) {
		n, err = unix.Read(fd, l.text[:])
		return err
	})
	return l.text[:max(n, 0)], err
}

// openIn opens a file of procfs, whose names the kernel alone makes.
func openIn(proc int, name string) (fd int, err error) {
	err = sys.Retry(func() error {
		fd, err = unix.Openat(proc, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: "/proc/" + name, Err: err}
	}
	return fd, nil
}

func readlink(dir int, name string) (string, error) {
	var buf [64]byte
	n, err := unix.Readlinkat(dir, name, buf[:])
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: "/proc/" + name, Err: err}
	}
	return string(buf[:n]), nil
}

// parseStatus reads the four uids of /proc/PID/status (proc(5)), and whether all
// that is left of the process is its exit status.
func parseStatus(text []byte) (ids [4]uint32, dead, ok bool) {
	words := strings.Fields(field(text, "Uid:"))
	if len(words) != len(ids) {
		return ids, false, false
	}
	for i, w := range words {
		if ids[i], ok = account.ParseID(w); !ok {
			return ids, false, false
		}
	}
	state := field(text, "State:")
	// A first thread that has ended has others beside it.
	dead = strings.HasPrefix(state, "X") || strings.HasPrefix(state, "Z") && field(text, "Threads:") == "1"
	return ids, dead, true
}

// first is the first of several numbers; 0: there is none.
func first(numbers string) int {
	n, _, _ := strings.Cut(numbers, "\t")
	number, _ := strconv.Atoi(n)
	return number
}

// field is the value of one line.
func field(text []byte, key string) string {
	for line := range bytes.Lines(text) {
		if value, ok := bytes.CutPrefix(line, []byte(key)); ok {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// lastPID is the number that was given last: the fifth field of /proc/loadavg
// (proc(5)).
func lastPID() (int, error) {
	fd, err := unix.Open("/proc/loadavg", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer sys.Close(fd)
	text, err := sys.ReadAll(fd, 64, 256)
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(text))
	if len(words) != 5 {
		return 0, errors.New("/proc/loadavg has another form")
	}
	return strconv.Atoi(words[4])
}
