package audit

import "golang.org/x/sys/unix"

// deed is what a system call does.
type deed uint8

const (
	open       deed = iota + 1
	openHow         // openat2(2): flags and mode are in memory
	creat           // open(2) with O_CREAT|O_WRONLY|O_TRUNC
	mkdir           //
	mknod           //
	bind            //
	socketcall      // bind(2) and others by one number
	link            //
	symlink         //
	rename          //
	lock            // flock(2), and fcntl(2) with F_SETLK and its like
	ring            // io_uring_setup(2)
	execute         // execve(2)
	umask           //
)

// none: the call has no such argument.
const none = -1

// call is one system call: what it does, and the index of each argument.
type call struct {
	deed                   deed
	dir, path, flags, mode int8
	// only are the values of argument flags that matter, or the bits if deed is
	// open; empty: all.
	only []uint32
}

// abi is one way to make system calls.
type abi struct {
	arch  uint32 // AUDIT_ARCH_*
	calls map[uint32]call
	// alike is a bit of the number that makes no difference (x32).
	alike uint32
}

// makes are the flags of open(2) with which something is made.
const makes = unix.O_CREAT | (unix.O_TMPFILE &^ unix.O_DIRECTORY)

// general are the calls that all processors have.
var general = map[uint32]call{
	unix.SYS_OPENAT:         {open, 0, 1, 2, 3, []uint32{makes}},
	unix.SYS_OPENAT2:        {openHow, 0, 1, 2, none, nil},
	unix.SYS_MKDIRAT:        {mkdir, 0, 1, none, 2, nil},
	unix.SYS_MKNODAT:        {mknod, 0, 1, none, 2, nil},
	unix.SYS_LINKAT:         {link, 2, 3, none, none, nil},
	unix.SYS_SYMLINKAT:      {symlink, 1, 2, none, none, nil},
	unix.SYS_RENAMEAT2:      {rename, 2, 3, none, none, nil},
	unix.SYS_BIND:           {bind, none, 1, 2, none, nil},
	unix.SYS_FLOCK:          {lock, 0, none, none, none, nil},
	unix.SYS_IO_URING_SETUP: {ring, none, none, none, none, nil},
	unix.SYS_EXECVE:         {execute, none, 0, none, none, nil},
	unix.SYS_EXECVEAT:       {execute, 0, 1, none, none, nil},
	unix.SYS_UMASK:          {umask, none, none, none, none, nil},
}

// locks are the commands of fcntl(2) that take a lock.
var locks = []uint32{unix.F_SETLK, unix.F_SETLKW, unix.F_OFD_SETLK, unix.F_OFD_SETLKW}

// with returns a table with more rows.
func with(tables ...map[uint32]call) map[uint32]call {
	all := make(map[uint32]call)
	for _, t := range tables {
		for nr, c := range t {
			all[nr] = c
		}
	}
	return all
}
