package e2e

import "golang.org/x/sys/unix"

// callErrors has, for each system call that the programs make, errors that its
// manual page lists and that a kernel, a full machine, a filter or a file system
// can bring about here. Each occurrence of a call gets one or two of them, in
// turn. A call that is not listed fails the test: so the list stays complete.
var callErrors = map[string][]string{
	"access":            {"EACCES", "ENOENT", "EIO"},
	"capget":            {"EPERM"},
	"capset":            {"EPERM"},
	"chdir":             {"EACCES", "EIO", "ENOMEM"},
	"chroot":            {"EPERM", "EACCES"},
	"clone":             {"EAGAIN", "ENOMEM"},
	"clone3":            {"EAGAIN", "ENOMEM"},
	"connect":           {"ENOENT", "ECONNREFUSED", "EAGAIN"},
	"execve":            {"ENOENT", "EACCES", "ENOMEM", "ETXTBSY"},
	"fchdir":            {"EACCES", "EIO"},
	"fchmod":            {"EPERM", "EROFS", "EIO"},
	"fchown":            {"EPERM", "EROFS", "EIO"},
	"fgetxattr":         {"ENODATA", "EOPNOTSUPP", "EIO"},
	"flock":             {"EINTR", "ENOLCK"},
	"fsetxattr":         {"ENOSPC", "EOPNOTSUPP", "EDQUOT"},
	"fsconfig":          {"EINVAL", "ENOMEM"},
	"fsmount":           {"EPERM", "ENOSPC"},
	"fsopen":            {"ENOSYS", "EPERM", "ENOMEM"},
	"fsync":             {"EIO", "ENOSPC", "EDQUOT", "EINVAL"},
	"fstatfs":           {"EIO", "ENOSYS", "EINTR"},
	"ftruncate":         {"EIO", "EPERM"},
	"getcwd":            {"ENOENT", "EACCES"},
	"getdents64":        {"EIO", "ENOENT"},
	"getgroups":         {"EPERM", "ENOSYS"},
	"getrandom":         {"ENOSYS", "EPERM"},
	"getrlimit":         {"EPERM", "ENOSYS"},
	"getxattr":          {"ENODATA", "EOPNOTSUPP"},
	"ioctl":             {"ENOTTY", "EPERM", "EIO"},
	"lgetxattr":         {"ENODATA", "EOPNOTSUPP"},
	"mkdirat":           {"EACCES", "ENOSPC", "EDQUOT", "EROFS", "EEXIST", "EMLINK", "ENOENT"},
	"mmap":              {"ENOMEM", "EAGAIN"},
	"mount":             {"EPERM", "ENOMEM", "EBUSY", "EINVAL"},
	"mount_setattr":     {"ENOSYS", "EPERM", "EINVAL"},
	"move_mount":        {"EPERM", "ENOENT", "EINVAL", "ENOSPC"},
	"open_by_handle_at": {"EPERM", "ESTALE", "EMFILE", "ENOMEM", "ENOSYS"},
	"open_tree":         {"ENOSYS", "EPERM", "ENOMEM", "ENOENT"},
	"openat":            {"EMFILE", "ENOENT", "EACCES", "ENFILE", "ENOMEM", "EIO", "ELOOP", "ENOTDIR", "EINTR"},
	"openat2":           {"EMFILE", "ENOSYS", "ENOENT", "EACCES", "EAGAIN", "ENOMEM", "EIO", "ELOOP", "ENOTDIR", "EXDEV"},
	"pidfd_open":        {"ENOSYS", "EMFILE"},
	"pipe2":             {"EMFILE", "ENFILE"},
	"ppoll":             {"EINTR", "ENOMEM"},
	"prctl":             {"EINVAL", "EPERM"},
	"pread64":           {"EIO", "EINTR"},
	"prlimit64":         {"EPERM", "ENOSYS"},
	"read":              {"EIO", "EINTR"},
	"readlinkat":        {"EIO", "EACCES", "ENOENT"},
	"renameat2":         {"EINVAL", "EPERM", "EBUSY", "ENOENT"},
	"sched_getattr":     {"EPERM", "ENOSYS"},
	"sched_setattr":     {"EPERM", "EBUSY"},
	"sendto":            {"EAGAIN", "ECONNREFUSED"},
	"setgroups":         {"EPERM", "ENOMEM"},
	"setitimer":         {"EPERM"},
	"setns":             {"EPERM", "EINVAL", "ENOMEM"},
	"setresgid":         {"EPERM", "EAGAIN"},
	"setresuid":         {"EPERM", "EAGAIN"},
	"setrlimit":         {"EPERM"},
	"setsid":            {"EPERM"},
	"socket":            {"EMFILE", "EAFNOSUPPORT"},
	"statfs":            {"EIO", "ENOSYS"},
	"statx":             {"ENOMEM", "EACCES", "ENOSYS", "EIO", "EPERM"},
	"newfstatat":        {"ENOMEM", "EACCES", "EIO"},
	"symlinkat":         {"ENOSPC", "EDQUOT", "EROFS", "EEXIST"},
	"unlinkat":          {"ENOTEMPTY", "EPERM"},
	"unshare":           {"EPERM", "ENOMEM", "ENOSPC", "ENOSYS"},
	"wait4":             {"EINTR", "ECHILD"},
	"write":             {"EIO", "ENOSPC", "EAGAIN"},

	// setfsuid(2) and setfsgid(2) report no error: they answer as ever, and
	// have done nothing.
	"setfsuid": {unset},
	"setfsgid": {unset},
}

// unset stands for a call that is not made and answers with the caller's id.
const unset = "nothing done"

// cannotFail are calls that have no error at all, or only those of a wrong
// argument, and why they are killed at, and not made to fail.
var cannotFail = map[string]cannot{
	"arch_prctl":        {archPrctl, "EFAULT, EINVAL alone: the address of static memory"},
	"clock_gettime":     {unix.SYS_CLOCK_GETTIME, "the clock is there"},
	"close":             {unix.SYS_CLOSE, "whatever it answers, the descriptor is closed; strace could only leave that out"},
	"exit_group":        {unix.SYS_EXIT_GROUP, "does not return"},
	"fcntl":             {unix.SYS_FCNTL, "F_GETFD of a descriptor that is open has no error"},
	"futex":             {unix.SYS_FUTEX, "on memory that is there, FUTEX_WAKE has no error; a wait is the runtime's"},
	"getegid":           {unix.SYS_GETEGID, "always succeeds"},
	"geteuid":           {unix.SYS_GETEUID, "always succeeds"},
	"getgid":            {unix.SYS_GETGID, "always succeeds"},
	"getpid":            {unix.SYS_GETPID, "always succeeds"},
	"getresgid":         {unix.SYS_GETRESGID, "EFAULT alone"},
	"getresuid":         {unix.SYS_GETRESUID, "EFAULT alone"},
	"gettid":            {unix.SYS_GETTID, "always succeeds"},
	"getuid":            {unix.SYS_GETUID, "always succeeds"},
	"kill":              {unix.SYS_KILL, "ESRCH alone: of a child of its own"},
	"lseek":             {unix.SYS_LSEEK, "EBADF, ESPIPE, EINVAL alone: of a file or directory that is open"},
	"madvise":           {unix.SYS_MADVISE, "advice"},
	"munmap":            {unix.SYS_MUNMAP, "EINVAL alone"},
	"nanosleep":         {unix.SYS_NANOSLEEP, "EINTR alone: a thread of the runtime's, not traced"},
	"rt_sigaction":      {unix.SYS_RT_SIGACTION, "EFAULT, EINVAL alone"},
	"rt_sigpending":     {unix.SYS_RT_SIGPENDING, "EFAULT alone"},
	"rt_sigprocmask":    {unix.SYS_RT_SIGPROCMASK, "EFAULT, EINVAL alone"},
	"rt_sigreturn":      {unix.SYS_RT_SIGRETURN, "does not return"},
	"rt_sigtimedwait":   {unix.SYS_RT_SIGTIMEDWAIT, "EAGAIN where nothing is pending, which is the usual answer"},
	"sched_getaffinity": {unix.SYS_SCHED_GETAFFINITY, "EFAULT, EINVAL alone"},
	"sched_yield":       {unix.SYS_SCHED_YIELD, "always succeeds"},
	"sigaltstack":       {unix.SYS_SIGALTSTACK, "EFAULT, EINVAL alone; ENOMEM for a stack smaller than the runtime's"},
	"sysinfo":           {unix.SYS_SYSINFO, "EFAULT alone"},
	"tgkill":            {unix.SYS_TGKILL, "the runtime's, of one of its threads"},
	"umask":             {unix.SYS_UMASK, "always succeeds"},
}

type cannot struct {
	number int
	why    string
}

// archPrctl is SYS_ARCH_PRCTL of amd64, which others do not have: there it is getgroups(2).
const archPrctl = 158

// neverSecond are the numbers of the calls that a second fault does not happen to.
func neverSecond() []int {
	list := []int{unix.SYS_SETFSUID, unix.SYS_SETFSGID}
	for _, c := range cannotFail {
		list = append(list, c.number)
	}
	return list
}
