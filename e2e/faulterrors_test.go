package e2e

// callErrors has, for each system call that the programs make, errors that its
// manual page lists and that a kernel, a full machine, a filter or a file system
// can bring about here. Each occurrence of a call gets one or two of them, in
// turn. A call that is not listed fails the test: so the list stays complete.
var callErrors = map[string][]string{
	"access":        {"EACCES", "ENOENT", "EIO"},
	"capget":        {"EPERM"},
	"capset":        {"EPERM"},
	"chroot":        {"EPERM", "EACCES"},
	"clone":         {"EAGAIN", "ENOMEM"},
	"connect":       {"ENOENT", "ECONNREFUSED", "EAGAIN"},
	"execve":        {"ENOENT", "EACCES", "ENOMEM", "ETXTBSY"},
	"fchdir":        {"EACCES", "EIO"},
	"fchmod":        {"EPERM", "EROFS", "EIO"},
	"fchown":        {"EPERM", "EROFS", "EIO"},
	"fsconfig":      {"EINVAL", "ENOMEM"},
	"fsmount":       {"EPERM", "ENOSPC"},
	"fsopen":        {"ENOSYS", "EPERM", "ENOMEM"},
	"fstatfs":       {"EIO", "ENOSYS", "EINTR"},
	"ftruncate":     {"EIO", "EPERM"},
	"getcwd":        {"ENOENT", "EACCES"},
	"getdents64":    {"EIO", "ENOENT"},
	"getxattr":      {"ENODATA", "EOPNOTSUPP"},
	"ioctl":         {"ENOTTY", "EPERM", "EIO"},
	"lgetxattr":     {"ENODATA", "EOPNOTSUPP"},
	"mkdirat":       {"EACCES", "ENOSPC", "EDQUOT", "EROFS", "EEXIST", "EMLINK", "ENOENT"},
	"mmap":          {"ENOMEM", "EAGAIN"},
	"mount":         {"EPERM", "ENOMEM", "EBUSY", "EINVAL"},
	"mount_setattr": {"ENOSYS", "EPERM", "EINVAL"},
	"move_mount":    {"EPERM", "ENOENT", "EINVAL", "ENOSPC"},
	"open_tree":     {"ENOSYS", "EPERM", "ENOMEM", "ENOENT"},
	"openat":        {"EMFILE", "ENOENT", "EACCES", "ENFILE", "ENOMEM", "EIO", "ELOOP", "ENOTDIR", "EINTR"},
	"pipe2":         {"EMFILE", "ENFILE"},
	"ppoll":         {"EINTR", "ENOMEM"},
	"prctl":         {"EINVAL", "EPERM"},
	"pread64":       {"EIO", "EINTR"},
	"prlimit64":     {"EPERM", "ENOSYS"},
	"read":          {"EIO", "EINTR"},
	"readlinkat":    {"EIO", "EACCES", "ENOENT"},
	"renameat2":     {"EINVAL", "EPERM", "EBUSY", "ENOENT"},
	"sendto":        {"EAGAIN", "ECONNREFUSED"},
	"setns":         {"EPERM", "EINVAL", "ENOMEM"},
	"socket":        {"EMFILE", "EAFNOSUPPORT"},
	"statfs":        {"EIO", "ENOSYS"},
	"statx":         {"ENOMEM", "EACCES", "ENOSYS", "EIO", "EPERM"},
	"newfstatat":    {"ENOMEM", "EACCES", "EIO"},
	"symlinkat":     {"ENOSPC", "EDQUOT", "EROFS", "EEXIST"},
	"unlinkat":      {"ENOTEMPTY", "EPERM"},
	"unshare":       {"EPERM", "ENOMEM", "ENOSPC", "ENOSYS"},
	"wait4":         {"EINTR", "ECHILD"},
	"write":         {"EIO", "ENOSPC", "EAGAIN"},

	// setfsuid(2) and setfsgid(2) report no error: they answer as ever, and
	// have done nothing.
	"setfsuid": {unset},
	"setfsgid": {unset},
}

// unset stands for a call that is not made and answers with the caller's id.
const unset = "nothing done"

// cannotFail are calls that have no error at all, or only those of a wrong
// argument, and why they are killed at, and not made to fail.
var cannotFail = map[string]string{
	"arch_prctl":        "EFAULT, EINVAL alone: the runtime's own constant",
	"clock_gettime":     "the clock is there",
	"close":             "whatever it answers, the descriptor is closed; strace could only leave that out",
	"exit_group":        "does not return",
	"fcntl":             "F_GETFD of a descriptor that is open has no error",
	"futex":             "on memory that is there, FUTEX_WAKE has no error; a wait is the runtime's",
	"getegid":           "always succeeds",
	"geteuid":           "always succeeds",
	"getgid":            "always succeeds",
	"getpid":            "always succeeds",
	"gettid":            "always succeeds",
	"getuid":            "always succeeds",
	"madvise":           "advice",
	"munmap":            "EINVAL alone",
	"nanosleep":         "EINTR alone: a thread of the runtime's, not traced",
	"rt_sigaction":      "EFAULT, EINVAL alone",
	"rt_sigprocmask":    "EFAULT, EINVAL alone",
	"rt_sigpending":     "EFAULT alone",
	"rt_sigreturn":      "does not return",
	"rt_sigtimedwait":   "EAGAIN where nothing is pending, which is the usual answer",
	"sched_getaffinity": "EFAULT, EINVAL alone",
	"sched_yield":       "always succeeds",
	"sigaltstack":       "EFAULT, EINVAL alone; ENOMEM for a stack smaller than the runtime's",
	"tgkill":            "the runtime's, of one of its threads",
	"umask":             "always succeeds",
}
