// Package bare is Go that runs without the Go runtime: an entry point of its
// own, the arguments and the environment as the kernel laid them out, system
// calls, and text without allocation.
//
// A login shell wrapper lives for a fraction of a millisecond. The runtime
// would spend several times that on threads, an address space and signal
// handlers which the program does not need, and which everything that the
// wrapper hands on to the shell would have to be protected from. So a program
// is linked with
//
//	go build -ldflags '-E tmpshell_entry'
//
// and begins in tmpshell_entry, which sets up a stack and a g and calls [Begin].
// The runtime is linked in part, as a library of assembly routines (memmove,
// string comparison), and never started.
//
// # Rules
//
// Packages that are entered this way are ordinary Go under `go test` and in
// programs that have the runtime. They MUST keep to the following, and
// the tests of package build hold them to it:
//
//  1. Nothing is allocated: no value escapes to the heap, no append that may
//     grow, no string is concatenated or converted to bytes, no map, no
//     closure that is kept. Text is built in a [Text].
//  2. No goroutine, channel, defer, recover, select, or type assertion that can
//     fail. Interfaces are not used.
//  3. A package variable has no initializer, or one that the compiler lays out
//     as data. There are no init functions.
//  4. System calls are made through this package, and by RawSyscall6 alone. It
//     is one thread; nothing wakes another.
//  5. Only these packages, unsafe, the constants and types of
//     golang.org/x/sys/unix and syscall, and what does not allocate of strings,
//     slices, unicode/utf8 and encoding/binary are imported.
//  6. An index is in range by construction. One that is not ends in the fault
//     handler, see [Begin]: every entry of the runtime reads g.m, which is nil.
//  7. What comes from a file or from the caller has a limit that is checked
//     before it is used, and the buffer for it is a package variable.
//
// A file named ordinary.go in such a package is for programs that have the
// runtime: it is exempt from 1 to 5, and a check of the linked program holds that
// nothing of it is in there.
//
// Functions return an [Errno] or a [Trouble] by value, not an error: an
// interface would have to be allocated.
package bare
