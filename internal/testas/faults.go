package testas

import (
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Faults makes one system call of a thread fail: the kernel asks it about each
// (seccomp_unotify(2)).
type Faults struct {
	listener int
	mutex    sync.Mutex
	left     int // calls before the first that fails; -times: none does any more
	times    int // how many fail
	errno    syscall.Errno
	hit      int  // the number of the one that has failed, or -1
	lasting  bool // and so do all later ones of this number
	hook     func()
}

// Spare says of calls that they are not to be counted, nor to fail.
type Spare func(call int, args [6]uint64) bool

// NewFaults watches the calls of the given numbers that the calling thread
// makes, from now on and for good: it must be locked, in a process that ends
// with the test. Spare may be nil.
func NewFaults(t *testing.T, spare Spare, calls ...int) *Faults {
	t.Helper()
	// The thread waits inside of raw system calls, where the runtime cannot
	// stop it, and the watcher needs to run meanwhile.
	runtime.GOMAXPROCS(max(4, runtime.GOMAXPROCS(0)))
	debug.SetGCPercent(-1)
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the number
	for _, n := range calls {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: uint32(n)},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	fd, errno := listen(&filter)
	if errno != 0 {
		t.Fatal("seccomp: ", errno)
	}
	f := &Faults{listener: fd, left: -1, times: 1, hit: -1}
	go f.watch(spare)
	return f
}

// listen installs the filter. The runtime's signals would have a call made, and
// counted, twice: WAIT_KILLABLE_RECV keeps them waiting. Before Linux 5.19 the one
// that stops goroutines is blocked, on a thread that is the test's alone.
func listen(filter *unix.SockFprog) (int, syscall.Errno) {
	install := func(flags uintptr) (uintptr, syscall.Errno) {
		fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags|unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(filter)))
		return fd, errno
	}
	fd, errno := install(unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
	if errno == unix.EINVAL {
		var urgent unix.Sigset_t
		urgent.Val[0] = 1 << (unix.SIGURG - 1)
		if err := unix.PthreadSigmask(unix.SIG_BLOCK, &urgent, nil); err != nil {
			return -1, err.(syscall.Errno)
		}
		fd, errno = install(0)
	}
	return int(fd), errno
}

// Fail makes the call fail that comes after n others. With the errno 0 it
// answers 0, and is not made.
func (f *Faults) Fail(n int, errno syscall.Errno) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.left, f.times, f.errno, f.hit, f.lasting, f.hook = n, 1, errno, -1, false, nil
}

// FailSome makes as many calls fail, one after the other.
func (f *Faults) FailSome(n, times int, errno syscall.Errno) {
	f.Fail(n, errno)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.times = times
}

// FailFrom makes the call fail that comes after n others, and all of its number
// that come later.
func (f *Faults) FailFrom(n int, errno syscall.Errno) {
	f.Fail(n, errno)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.lasting = true
}

// Before calls hook, on another thread, when the call is about to be made that
// comes after n others.
func (f *Faults) Before(n int, hook func()) {
	f.Fail(n, 0)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.hook = hook
}

// Stop lets every call through, and returns the number of the one that failed,
// or -1.
func (f *Faults) Stop() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.left, f.lasting = -f.times, false
	return f.hit
}

// notification and answer are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id         uint64
	pid, flags uint32
	call       int32
	arch       uint32
	at         uint64
	args       [6]uint64
}

type answer struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

func (f *Faults) watch(spare Spare) {
	// One processor for the thread and its watcher is faster (Linux 6.6).
	_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(f.listener), unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
	for {
		var n notification
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(f.listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n)))
		if errno == unix.EINTR || errno == unix.ENOENT { // killed meanwhile
			continue
		}
		a := answer{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		if errno == 0 && (spare == nil || !spare(int(n.call), n.args)) {
			f.decide(int(n.call), &a)
		}
		if errno == 0 {
			_, _, errno = unix.Syscall(unix.SYS_IOCTL, uintptr(f.listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&a)))
		}
		if errno != 0 && errno != unix.ENOENT {
			panic("seccomp_unotify: " + errno.Error()) // the thread would wait forever
		}
	}
}

func (f *Faults) decide(call int, a *answer) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.left <= 0 && f.left > -f.times || f.lasting && f.hit == call {
		f.hit = call
		if f.hook == nil {
			a.flags, a.errno = 0, -int32(f.errno)
		} else {
			f.hook()
		}
	}
	f.left = max(f.left-1, -f.times)
}
