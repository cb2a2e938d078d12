package bare

import "golang.org/x/sys/unix"

// Errno is an error number of errno(3), 0 for none.
type Errno uintptr

// Kind is what an error says about the question that was asked. The three are
// answered differently, see ERRORS BY KIND in tmpshell-internals(7).
type Kind uint8

// The kinds of errors.
const (
	None Kind = iota
	// Object: the object is not there, or not as it must be. That is an
	// answer.
	Object
	// Kept: the process was kept from finding out, by a limit, a want of
	// memory, an input or output error, a time-out, a signal. The user's
	// other processes can bring that about; it is never read as "no".
	Kept
	// Lost: privilege could not be given up, or a place could not be gone
	// back to. Nothing may begin.
	Lost
)

// Kind tells which kind an error number is. What is not known to be an answer is
// not taken for one.
func (e Errno) Kind() Kind {
	switch unix.Errno(e) {
	case 0:
		return None
	case unix.ENOENT, unix.ENOTDIR, unix.EACCES, unix.ELOOP, unix.EPERM, unix.EROFS, unix.ENOSPC, unix.EDQUOT,
		unix.EEXIST, unix.ENAMETOOLONG, unix.ENODEV, unix.ENXIO, unix.ESTALE, unix.EOPNOTSUPP, unix.ENOSYS,
		unix.ENOEXEC, unix.EINVAL, unix.ETXTBSY,
		unix.EBUSY: // something is mounted there
		return Object
	}
	return Kept
}

// Text is what strerror(3) says, in lower case; for numbers that do not occur
// here it is not specific.
func (e Errno) Text() string {
	switch unix.Errno(e) {
	case unix.EPERM:
		return "operation not permitted"
	case unix.ENOENT:
		return "no such file or directory"
	case unix.EINTR:
		return "interrupted system call"
	case unix.EIO:
		return "input/output error"
	case unix.E2BIG:
		return "argument list too long"
	case unix.ENOEXEC:
		return "exec format error"
	case unix.EBADF:
		return "bad file descriptor"
	case unix.ECHILD:
		return "no child processes"
	case unix.EAGAIN:
		return "resource temporarily unavailable"
	case unix.ENOMEM:
		return "cannot allocate memory"
	case unix.EACCES:
		return "permission denied"
	case unix.EBUSY:
		return "device or resource busy"
	case unix.EEXIST:
		return "file exists"
	case unix.ENODEV:
		return "no such device"
	case unix.ENOTDIR:
		return "not a directory"
	case unix.EISDIR:
		return "is a directory"
	case unix.EINVAL:
		return "invalid argument"
	case unix.ENFILE:
		return "too many open files in system"
	case unix.EMFILE:
		return "too many open files"
	case unix.ETXTBSY:
		return "text file busy"
	case unix.EFBIG:
		return "file too large"
	case unix.ENOSPC:
		return "no space left on device"
	case unix.EROFS:
		return "read-only file system"
	case unix.EPIPE:
		return "broken pipe"
	case unix.ENAMETOOLONG:
		return "file name too long"
	case unix.ENOSYS:
		return "function not implemented"
	case unix.ELOOP:
		return "too many levels of symbolic links"
	case unix.ENODATA:
		return "no data available"
	case unix.EDQUOT:
		return "disk quota exceeded"
	case unix.ETIMEDOUT:
		return "connection timed out"
	case unix.ESTALE:
		return "stale file handle"
	case unix.ENXIO:
		return "no such device or address"
	case unix.EOPNOTSUPP:
		return "operation not supported"
	}
	return "error"
}
