package bare

import "unsafe"

// StackSize is the stack's size in bytes. It is memory of the program's own, so
// that no RLIMIT_STACK counts; pages that are not used cost nothing.
const StackSize = 80 << 10

// guard is what is left below the stack pointer when a function finds too little
// room and faults: enough for the frame of a signal with AVX-512 registers
// (about 4 KiB, sigaltstack(2), AT_MINSIGSTKSZ) and for functions without a check.
const guard = 16 << 10

// Where tls is in run; g is at StackSize.
const (
	gWords = 64
	atTLS  = StackSize + gWords*unsafe.Sizeof(uintptr(0))
)

// callerFrame is what functions expect to be there of the one that calls them.
const callerFrame = 64

// Set and read by the entry point.
var (
	kernelBlock unsafe.Pointer // the initial stack: argc and what follows
	// run is one variable, so that what is used of it is in one page.
	run struct {
		stack [StackSize]byte
		// g is the runtime's structure of that name (runtime2.go), as far as
		// compiled code reads it: stack.lo, stack.hi, stackguard0, stackguard1.
		// g.m stays nil.
		g [gWords]uintptr
		// tls is what the thread pointer names on amd64, where assembly that
		// uses the old calling convention reloads g from, and on 386.
		tls [8]uintptr
		// kept is where Keep puts texts. A process has a few of them.
		kept [16 << 10]byte
	}
)

// program is the program, which never returns, and afterFault is called once
// after a fault of its own: an access to memory that is not there, which is also
// how a failed bounds check ends. The state of everything is unknown then.
//
// The package of the command defines both (go:linkname): a variable would need
// an initializer that runs.
//
//go:linkname program tmpshell_program
func program(*Block)

//go:linkname afterFault tmpshell_fault
func afterFault()

var (
	block  Block
	faults int
)

// begin is what the entry point calls.
func begin() {
	faults = 0 // the first use of this page is a write: after a read it would cost two faults
	run.g[0] = uintptr(unsafe.Pointer(&run.stack))
	block.parse(kernelBlock)
	holdFaults()
	program(&block)
	Exit(ExitOwn)
}

// faulted is what the handler of SIGSEGV and SIGBUS calls, on the stack that
// was in use.
func faulted() {
	faults++
	if faults == 1 {
		afterFault()
	}
	Exit(ExitOwn)
}

// ExitOwn is the exit code of a program that could not do its own work.
const ExitOwn = 125
