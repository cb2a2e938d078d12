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

// errnoTexts are what strerror(3) says, in lower case, of the numbers that occur here.
var errnoTexts = [...]string{
	unix.EPERM:        "operation not permitted",
	unix.ENOENT:       "no such file or directory",
	unix.EINTR:        "interrupted system call",
	unix.EIO:          "input/output error",
	unix.E2BIG:        "argument list too long",
	unix.ENOEXEC:      "exec format error",
	unix.EBADF:        "bad file descriptor",
	unix.ECHILD:       "no child processes",
	unix.EAGAIN:       "resource temporarily unavailable",
	unix.ENOMEM:       "cannot allocate memory",
	unix.EACCES:       "permission denied",
	unix.EBUSY:        "device or resource busy",
	unix.EEXIST:       "file exists",
	unix.ENODEV:       "no such device",
	unix.ENOTDIR:      "not a directory",
	unix.EISDIR:       "is a directory",
	unix.EINVAL:       "invalid argument",
	unix.ENFILE:       "too many open files in system",
	unix.EMFILE:       "too many open files",
	unix.ETXTBSY:      "text file busy",
	unix.EFBIG:        "file too large",
	unix.ENOSPC:       "no space left on device",
	unix.EROFS:        "read-only file system",
	unix.EPIPE:        "broken pipe",
	unix.ENAMETOOLONG: "file name too long",
	unix.ENOSYS:       "function not implemented",
	unix.ELOOP:        "too many levels of symbolic links",
	unix.ENODATA:      "no data available",
	unix.EDQUOT:       "disk quota exceeded",
	unix.ETIMEDOUT:    "connection timed out",
	unix.ESTALE:       "stale file handle",
	unix.ENXIO:        "no such device or address",
	unix.EOPNOTSUPP:   "operation not supported",
}

// Text is what an error is called.
func (e Errno) Text() string {
	if e < Errno(len(errnoTexts)) && errnoTexts[e] != "" {
		return errnoTexts[e]
	}
	return "error"
}
