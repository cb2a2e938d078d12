//go:build !s390x

package bare

import "golang.org/x/sys/unix"

// mapped maps empty memory (mmap(2)).
func mapped(size uintptr) (uintptr, Errno) {
	return Call(sysMmap, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS, fd(-1), 0)
}
