package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Append writes a line to a file that was opened with O_APPEND, with one write(2).
// Where RLIMIT_FSIZE forbids it, there is an error and no SIGXFSZ, which would end
// the process: the limit is looked at before. Whoever lowers it in between can send
// any signal.
func Append(n int, line string) Errno {
	var st Stat
	e := Fstat(n, &st)
	var limit [2]uint64 // struct rlimit64: soft, hard
	if e == 0 {
		_, e = Call(unix.SYS_PRLIMIT64, 0, unix.RLIMIT_FSIZE, 0, uintptr(unsafe.Pointer(&limit)), 0, 0)
	}
	if e == 0 && limit[0] < st.Size+uint64(len(line)) {
		e = Errno(unix.EFBIG)
	}
	if e == 0 {
		_, e = Call(unix.SYS_WRITE, fd(n), uintptr(unsafe.Pointer(unsafe.StringData(line))), uintptr(len(line)), 0, 0, 0)
	}
	return e
}

// Empty makes a file empty.
func Empty(n int) Errno {
	return errno(Call(unix.SYS_FTRUNCATE, fd(n), 0, 0, 0, 0, 0))
}

// ReadBeginning reads at most len(buf) bytes from the beginning of a file, wherever
// it was read or written last. As the offset is 0, it does not matter in which
// registers it is.
func ReadBeginning(n int, buf []byte) (int, Errno) {
	return count(Call(unix.SYS_PREAD64, fd(n), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0, 0))
}
