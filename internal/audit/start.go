package audit

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Program is what is run.
type Program struct {
	Path      string
	Args, Env []string // Args[0] is the program's name
	Files     []uintptr
	// Mounts are made first, in a mount namespace of the program's own, if there are
	// any.
	Mounts []Mounted
}

// Mounted is a directory that the program is to see in the place of another one.
type Mounted struct{ From, To string }

// Options are what is looked for.
type Options struct {
	Places []Place
	// Private: what is made in private places, too.
	Private bool
	// End ends what the program has left when it ends, or can be read from.
	End <-chan struct{}
	// Left is called once, when the program has ended and others that it has started
	// have not.
	Left func()
	// Seen, if it is not nil, is called with each object.
	Seen func(Object)
}

// Result is what came of a run.
type Result struct {
	// Status is the exit status, or 128 and the number of a signal.
	Status     int            `json:"status"`
	Objects    []Object       `json:"objects"`
	Unreadable map[string]int `json:"unreadable,omitempty"` // calls that could not be looked at, by thread name
	Refused    map[string]int `json:"io_uring_refused,omitempty"`
	Powerless  map[string]int `json:"without_privilege,omitempty"` // set-user-ID programs that gained nothing
	Lost       int            `json:"lost,omitempty"`              // how often events were lost
	Uncounted  int            `json:"uncounted,omitempty"`
}

// restricted: without privilege, a filter needs no_new_privs.
func restricted() bool { return os.Geteuid() != 0 }

// Run runs a program to its end, and that of all that it has started. The calling
// process must have no other children.
func Run(p Program, o Options) (Result, error) {
	// Who loses its parent becomes a child of the auditor: it is waited for, and
	// may be looked at where that is allowed above descendants alone (Yama).
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return Result{}, os.NewSyscallError("prctl", err)
	}
	s, err := start(p)
	if err != nil {
		return Result{}, err
	}
	defer unix.Close(s.listener)
	w, err := newWatcher(s.listener, abis, o)
	if err != nil {
		_ = unix.Kill(s.pid, unix.SIGKILL)
		return Result{}, err
	}
	defer unix.Close(w.inotify)
	family := newFamily(s.pid, o)
	defer family.close()
	err = errors.Join(w.serve(family.ended), s.trouble())
	r := Result{Status: family.status, Objects: w.records.list(), Unreadable: w.notes.unreadable, Refused: w.notes.rings,
		Powerless: w.notes.powerless, Lost: w.notes.lost, Uncounted: w.records.full}
	return r, err
}

// family is the program and all that it has started.
type family struct {
	ended, told int // a pipe, readable when all have ended
	status      int
}

func newFamily(pid int, o Options) *family {
	var pipe [2]int
	_ = unix.Pipe2(pipe[:], unix.O_CLOEXEC)
	f := &family{ended: pipe[0], told: pipe[1]}
	programEnded := make(chan struct{})
	gone := make(chan struct{})
	go f.wait(pid, programEnded, gone)
	go f.finish(o, programEnded, gone)
	return f
}

func (f *family) close() { unix.Close(f.ended) }

// wait waits for every one.
func (f *family) wait(pid int, programEnded, gone chan struct{}) {
	for {
		var status unix.WaitStatus
		who, err := unix.Wait4(-1, &status, unix.WALL, nil)
		if err == unix.EINTR {
			continue
		}
		if err != nil { // ECHILD
			break
		}
		if who != pid {
			continue
		}
		f.status = status.ExitStatus()
		if status.Signaled() {
			f.status = 128 + int(status.Signal())
		}
		close(programEnded)
	}
	close(gone)
	unix.Close(f.told)
}

// finish ends who is left when it is told to.
func (f *family) finish(o Options, programEnded, gone chan struct{}) {
	select {
	case <-programEnded:
	case <-o.End:
	}
	select {
	case <-gone:
		return
	case <-o.End:
	case <-time.After(100 * time.Millisecond):
		if o.Left != nil {
			o.Left()
		}
		select {
		case <-gone:
			return
		case <-o.End:
		}
	}
	// Whoever does not end by itself within a moment is killed, and so are those who
	// then become children.
	for signal, pause := unix.SIGTERM, time.Second; ; signal, pause = unix.SIGKILL, 20*time.Millisecond {
		for _, child := range children() {
			_ = unix.Kill(child, signal)
			_ = unix.Kill(child, unix.SIGCONT)
		}
		select {
		case <-gone:
			return
		case <-time.After(pause):
		}
	}
}

// children are the processes that have this one as their parent.
func children() []int {
	var list []int
	tasks, _ := os.ReadDir("/proc/self/task")
	for _, t := range tasks {
		text, _ := os.ReadFile("/proc/self/task/" + t.Name() + "/children")
		for word := range strings.FieldsSeq(string(text)) {
			if pid, err := strconv.Atoi(word); err == nil {
				list = append(list, pid)
			}
		}
	}
	return list
}
