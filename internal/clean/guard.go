package clean

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// Whoever has a directory open can keep the kernel waiting in it for as long as they
// like: getdents64(2) holds its lock while it writes the names to memory, and memory can
// be a file of a FUSE server that gives no answer. A call that changes the directory waits
// for the lock, and no signal ends that. So what touches the inode of anything that is a
// user's is done on a thread which is left behind if it does not go on: everybody else's
// directories are looked after, the locks of the run are released, and the process ends
// when the kernel lets the thread go.

// stuckAfter is how long a thread may wait in one call. Removing one large file from a
// slow disk takes a minute.
const stuckAfter = 5 * time.Minute

// looksAt is how often a thread is looked at before it counts as one that waits.
const looksAt = 20

// ErrStuck: somebody keeps the kernel waiting.
var ErrStuck = errors.New("the kernel waits in it for somebody, and it was passed over")

// stuck counts threads that were left behind.
var stuck atomic.Int32

// Stuck tells whether a thread waits in the kernel that nobody waits for any more: this
// process will not end before that one goes on.
func Stuck() bool { return stuck.Load() > 0 }

// watch is what a thread and those who wait for it know of each other.
type watch struct {
	until int64 // of a clock that nobody sets, see patience
	tid   atomic.Int32
	steps atomic.Uint64
	over  atomic.Bool // nobody waits
	ended atomic.Bool
	err   error // then
}

func newWatch() *watch { return &watch{until: clock() + patience.Nanoseconds()} }

// clock is in nanoseconds.
func clock() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // never fails
	return t.Nano()
}

// step says that the thread goes on, and tells whether it is to.
func (w *watch) step() bool {
	w.steps.Add(1)
	return !w.over.Load()
}

// guard runs what may get stuck, one after the other.
type guard struct {
	after time.Duration
	event int // for the end of a thread (eventfd(2)); -1: there is none yet
	// uids are those whose directories nothing more is done with in this run.
	uids map[uint32]bool
}

func newGuard(after time.Duration) *guard {
	if after == 0 {
		after = stuckAfter
	}
	return &guard{after: after, event: -1, uids: map[uint32]bool{}}
}

// end is for when there is nothing more to be run.
func (g *guard) end() { sys.Close(g.event) }

// run runs f for what is a user's on a thread of its own, and returns ErrStuck if that
// waits in the kernel for too long, with nothing done. Then f goes on when it can, if at
// all: what it uses has to be its own. fd is: a copy of the one that is given, or -1.
func (g *guard) run(uid uint32, most time.Duration, fd int, f func(w *watch, fd int) error) (err error) {
	if g.uids[uid] {
		return ErrStuck
	}
	if g.event < 0 {
		if g.event, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
			return err
		}
	}
	if fd >= 0 {
		if fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0); err != nil {
			return err
		}
	}
	w, event := newWatch(), g.event
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		w.tid.Store(int32(unix.Gettid()))
		w.err = f(w, fd)
		sys.Close(fd)
		if w.over.Load() {
			stuck.Add(-1)
		}
		w.ended.Store(true)
		one := [8]byte{7: 1} // of whatever byte order: it is not 0
		_, _ = unix.Write(event, one[:])
	}()
	if !g.wait(w, most) {
		stuck.Add(1)
		w.over.Store(true)
		g.uids[uid], g.event = true, -1 // that thread has it
		return ErrStuck
	}
	return w.err
}

// wait is until the thread has ended; false: it is stuck.
func (g *guard) wait(w *watch, most time.Duration) bool {
	most = min(most, g.after)
	period := max(most/looksAt, time.Millisecond)
	list := []unix.PollFd{{Fd: int32(g.event), Events: unix.POLLIN}}
	steps, still := uint64(0), time.Duration(0)
	for {
		n, _ := unix.Poll(list, int(period.Milliseconds())) // interrupted: it is looked at once more
		if n > 0 {                                          // each thread says it once, and does nothing with it any more
			var count [8]byte
			_, _ = unix.Read(g.event, count[:])
			return w.ended.Load()
		}
		if n < 0 {
			continue
		}
		if now := w.steps.Load(); now != steps || !waits(int(w.tid.Load())) {
			steps, still = now, 0
			continue
		}
		if still += period; still >= most {
			return false
		}
	}
}

// waits tells whether a thread of this process is neither at work nor ready for it.
func waits(tid int) bool {
	name := "/proc/self/task/" + strconv.Itoa(tid) + "/stat"
	text, err := readFile(name)
	if err != nil {
		return false
	}
	state := bytes.LastIndexByte(text, ')') + 2 // a name may have some, too
	return state < len(text) && text[state] != 'R'
}
