//go:build amd64 || arm64 || riscv64 || ppc64le || s390x

package bare

import "golang.org/x/sys/unix"

// What has another name where a machine word has 32 bits.
const (
	sysFcntl        = unix.SYS_FCNTL
	sysClockGettime = unix.SYS_CLOCK_GETTIME
	sysMmap         = unix.SYS_MMAP
	largeFile       = 0
)
