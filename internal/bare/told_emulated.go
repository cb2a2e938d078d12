//go:build emulatortest

package bare

import "golang.org/x/sys/unix"

// told is a signal, as qemu-user (10.0) makes no child without: "We can't support
// custom termination signals", linux-user/syscall.c. It exists in a program that is
// built for tests under it alone, which send no SIGCHLD to a caller that minds.
const told = uintptr(unix.SIGCHLD)
