package start

import "unsafe"

// Set by tmpshell_start before it calls begin, and read by it afterwards.
var (
	initialStack unsafe.Pointer // the kernel's block: argc and what follows
	runtimeStack unsafe.Pointer // the block and stack for the runtime
	beginFunc    = begin
)

// begin is called once, before the runtime. See the package comment for what
// code here may do.
//
//go:nosplit
//go:norace
func begin() {
	active = true
	kernel.parse(initialStack)
	keepSignals()
	holdStdio()
	keepFiles()
	raiseLimits()
	needCounter()
	overrideWrite = runtimeWrote
	runtimeStack = ownBlock()
}

// The runtime takes 64 KiB below the initial stack pointer as the stack of its
// first thread without asking. With a small RLIMIT_STACK that is not there, so
// it gets a stack that no limit counts.
const stackSize = 80 << 10

// maxAuxv is far above the 20 to 30 entries that kernels up to 6.18 pass
// (AT_VECTOR_SIZE in include/linux/auxvec.h and the architectures' auxvec.h).
const maxAuxv = 64

var own struct {
	_     [stackSize]byte
	block [2 + 1 + 3 + 2*(maxAuxv+1) + 2]uintptr
}

const (
	ownName = "tmpshell\x00"

	// All that the runtime finds in its environment. SIGURG, with which it
	// preempts, would stay pending across exec where SIGURG is blocked. The
	// other two keep it from reading all of /proc/self/mountinfo, which in a
	// container host has thousands of lines, to choose GOMAXPROCS.
	ownDebug = "GODEBUG=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0\x00"

	// One goroutine does the work. The second processor lets the runtime's own
	// start beside it; more would only mean more threads.
	ownProcs = "GOMAXPROCS=2\x00"
)

// ownBlock makes the block that the runtime is given instead of the kernel's,
// and returns its address, below which the runtime's first stack lies.
//
// AT_SECURE is always set in it, whether the kernel set it or not. To the
// runtime it means one thing: a crash prints its message and no stack trace.
//
//go:nosplit
//go:norace
func ownBlock() unsafe.Pointer {
	// Both architectures want a stack aligned to 16.
	at := unsafe.Pointer(&own.block[0])
	if uintptr(at)&15 != 0 {
		at = unsafe.Pointer(&own.block[1])
	}
	*word(at, 0) = 1
	*word(at, 1) = uintptr(chars(ownName))
	*word(at, 2) = 0
	*word(at, 3) = uintptr(chars(ownDebug))
	*word(at, 4) = uintptr(chars(ownProcs))
	*word(at, 5) = 0
	n := 6
	for i := 0; i < maxAuxv; i++ {
		tag, value := *word(kernel.auxv, 2*i), *word(kernel.auxv, 2*i+1)
		if tag == AtNull {
			break
		}
		if tag == AtSecure {
			value = 1
		}
		*word(at, n), *word(at, n+1) = tag, value
		n += 2
	}
	*word(at, n), *word(at, n+1) = AtNull, 0
	return at
}
