// Package start keeps what the Go runtime destroys before main runs.
//
// A program that stands between login and the user's shell must hand on what it
// was given. The Go runtime is made for programs that stay: it installs handlers
// over inherited SIG_IGN, unblocks signals (a pending one then kills the
// process before main), opens /dev/null on closed descriptors 0 to 2, drops
// duplicate environment entries, obeys GODEBUG, GOMAXPROCS and GOMEMLIMIT, and
// dies where it cannot have its threads and its address space. So the program
// is linked with an entry point of its own,
//
//	go build -ldflags '-E tmpshell_start'
//
// which runs before the runtime:
//
//   - it keeps the addresses of the arguments, the environment and the
//     auxiliary vector as the kernel laid them out ([Args], [Environ], [Auxv]),
//     and gives the runtime a block of its own, with one argument and with an
//     environment that holds no setting of the user's;
//   - it takes the signals out of the runtime's table of them, so that
//     dispositions, mask and pending signals are never touched (signals.go);
//   - it puts a placeholder that goes away at exec on each closed descriptor
//     from 0 to 2 (stdio.go);
//   - it raises soft limits that the runtime could not live with (limits.go);
//   - it sees to it that where a hard limit does not let the runtime run, or the
//     program panics, the process becomes a shell instead of ending
//     (failure.go, lastresort.go), unless the configuration says "OnFailure
//     deny" (deny.go). [Disarm] ends that.
//
// Almost nothing is left to put back at the end; [Exec] does that.
//
// # Code that runs before the runtime
//
// Only the entry itself is assembly. The rest is Go with //go:nosplit, for it
// has to be read by people who log in through it. That is sound as long as this
// code needs no g: no stack growth (nosplit; the linker checks the depth), no
// allocation, no maps, no interfaces, no panics (indices in bounds by
// construction), no calls but to functions of the same kind and to
// syscall.RawSyscall6, which is made for the child between fork and exec, where
// there is no scheduler either. Pointers to the kernel's block are stored in
// package variables; the write barrier is off until the runtime turns it on.
// The entry calls through a func value, because a direct call from assembly
// goes through a wrapper that loads g from thread-local storage, which does not
// exist yet. A test disassembles the linked program and holds the list of what
// this code calls.
//
// Package variables that this code sets have no initialiser, or a constant one:
// package initialisation comes later and would overwrite them.
//
// # Without the entry point
//
// In test binaries, and in programs linked without -E, the functions fall
// back on what the runtime and /proc know, and Restore does nothing. There is an
// entry point for amd64 and arm64; the package builds for no other.
package start

import "runtime"

// active is set by the entry point.
var active bool

// Active reports whether the program was started through tmpshell_start.
func Active() bool { return active }

// Exec must come from the thread-group leader: signals pending for the thread,
// the parent-death signal, timer slack and the reset-on-fork flag are those of
// the thread that calls execve(2). Locking in init pins the main goroutine to
// the leader for good.
func init() { runtime.LockOSThread() }
