// injector runs a program again and again, and each time has one of its system
// calls fail, or kills or stops it there:
//
//	injector UID GID MOUNTER SPARE PROGRAM ARG…
//
// It is root's, and begins each run as the user. On standard input it reads lines
// of numbers,
//
//	CALL NTH WHAT LASTING AFTER WHAT2 FOLLOW
//
// What happens to the NTH call of number CALL: see enum what. LASTING: and to all
// later ones of this number. AFTER: the so many-th call from then on, those of the
// list SPARE not counted, gets WHAT2. FOLLOW: whichever process makes it, and not
// the first thread of the program alone. A line "wait" waits for what an earlier run
// has left behind.
//
// For each run it prints STATUS HIT SECOND LEFT SIZE SIZE, of wait(2), 1 or 0 for
// the first fault, the number of the call that got the second or -1, 1 if a child
// has outlived the program, and the sizes of what the program has printed on its
// standard output and standard error. These follow. Nothing happens to what the
// program becomes, but to MOUNTER.
//
// The kernel asks about each call (seccomp_unotify(2)), and only about those in
// question: nobody is traced, and file capabilities are what they are.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// What happens to a call, beside the error of a positive number.
enum what { UNDONE = 0, KILL = -1, STOP = -2 };

// THREAD is added to the number of clone(2) where it makes a thread: those are
// counted apart, a runtime makes them.
enum { CALLS = 1024, PROCESSES = 64, THREAD = 1 << 16 };

// One processor for who asks and who answers is faster (Linux 6.6).
#define SET_FLAGS SECCOMP_IOW(4, __u64)
enum { SYNC_WAKE_UP = 1 };

static struct { long call, nth, what, lasting, after, what2, follow; } fault;
static unsigned uid, gid;
static const char *program, *mounter;
static int spare[CALLS], spares;

static pid_t first;
static int listener = -1, hit, second, after;

// How many calls in question a process has made; the first one is the program.
static struct { pid_t pid; int called; } processes[PROCESSES];

static void fail(const char *what)
{
	fprintf(stderr, "injector: %s: %m\n", what);
	exit(1);
}

static int memory(void)
{
	int fd = syscall(SYS_memfd_create, "output", MFD_CLOEXEC);
	if (fd < 0)
		fail("memfd_create");
	return fd;
}

// filter has the kernel ask about the calls in question. sendmsg(2) is none: it
// hands the listener over.
static int filter(void)
{
	struct sock_filter f[2 * CALLS];
	int n = 0;
	unsigned found = SECCOMP_RET_ALLOW, other = SECCOMP_RET_USER_NOTIF;
	f[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmsg, 0, 1);
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (!fault.after) {
		found = SECCOMP_RET_USER_NOTIF;
		other = SECCOMP_RET_ALLOW;
	}
	int one = fault.call & ~THREAD, count = fault.after ? spares : 1;
	for (int i = 0; i < count; i++) {
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, fault.after ? spare[i] : one, 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, found);
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, other);
	struct sock_fprog prog = {n, f};
	// A signal does not have a call asked about twice (Linux 5.19).
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &prog);
}

union control { char room[CMSG_SPACE(sizeof(int))]; struct cmsghdr align; };

static void hand_over(int socket, int fd)
{
	union control c = {0};
	struct iovec io = {"", 1};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = c.room, .msg_controllen = sizeof c.room};
	struct cmsghdr *h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
	if (sendmsg(socket, &m, 0) != 1)
		_exit(99);
}

static int taken(int socket)
{
	union control c = {0};
	char byte;
	int fd = -1;
	struct iovec io = {&byte, 1};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = c.room, .msg_controllen = sizeof c.room};
	if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&m))
		fail("no listener");
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

static void start(char **argv, int out, int err)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		fail("socketpair");
	first = fork();
	if (first < 0)
		fail("fork");
	if (first == 0) {
		int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
		if (dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
			_exit(99);
		int fd = filter();
		if (fd < 0)
			_exit(97);
		hand_over(pair[1], fd);
		gid_t group = gid; // as login(1) has it
		if (setgroups(1, &group) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
			_exit(99);
		execv(argv[0], argv);
		_exit(98);
	}
	close(pair[1]);
	listener = taken(pair[0]);
	close(pair[0]);
	ioctl(listener, SET_FLAGS, SYNC_WAKE_UP);
}

// under tells whether the process is still the program, or MOUNTER.
static int under(pid_t pid)
{
	char link[64], path[4096] = "";
	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	return readlink(link, path, sizeof path - 1) > 0 && (!strcmp(path, program) || !strcmp(path, mounter));
}

// known is under test, and has not called execve(2) since.
static pid_t known;

// counted is how many calls in question the process has made, this one included;
// 0 if it is none of those to which anything happens.
static int counted(pid_t pid, long call)
{
	if (pid != first && !fault.follow)
		return 0;
	if (pid != known && !under(pid))
		return 0;
	// Where all calls are in question, execve(2) is.
	known = fault.after && call != SYS_execve ? pid : 0;
	for (int i = 0; i < PROCESSES; i++) {
		if (!processes[i].pid)
			processes[i].pid = pid;
		if (processes[i].pid == pid)
			return ++processes[i].called;
	}
	return 0;
}

// decide is what happens to a call; the error 0 if nothing.
static long decide(const struct seccomp_notif *n, int *happens)
{
	long call = n->data.nr;
	*happens = 1;
	if (call == SYS_execve)
		known = 0;
	if (call == SYS_clone && n->data.args[0] & CLONE_THREAD)
		call |= THREAD;
	if (hit && fault.lasting && call == fault.call && counted(n->pid, n->data.nr))
		return fault.what;
	if (hit && fault.after && second < 0 && counted(n->pid, n->data.nr) && ++after == fault.after) {
		second = n->data.nr;
		return fault.what2;
	}
	if (!hit && call == fault.call && counted(n->pid, n->data.nr) == fault.nth) {
		hit = 1;
		return fault.what;
	}
	return *happens = 0;
}

// answer answers one question.
static void answer(void)
{
	struct seccomp_notif n = {0};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n)) {
		if (errno == EINTR || errno == ENOENT) // killed meanwhile
			return;
		fail("receive");
	}
	struct seccomp_notif_resp r = {.id = n.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	int happens, status;
	pid_t pid = n.pid;
	long what = decide(&n, &happens);
	if (happens && what == KILL)
		kill(pid, SIGKILL);
	else if (happens && what == STOP)
		kill(pid, SIGSTOP); // it stops when the call is over
	else if (happens)
		r = (struct seccomp_notif_resp){.id = n.id, .val = what ? 0 : uid, .error = -what};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r) && errno != ENOENT)
		fail("send");
	if (happens && what == STOP) {
		if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
			fail("stop");
		kill(pid, SIGCONT);
	}
}

// serve answers until fd can be read, or if it is negative until nobody asks any
// more.
static void serve(int fd)
{
	for (;;) {
		struct pollfd p[] = {{.fd = fd, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			fail("poll");
		if (p[1].revents & POLLIN) {
			answer();
		} else if (p[1].revents) { // the last process has ended
			close(listener);
			listener = -1;
		}
		if (fd < 0 && listener < 0)
			return;
		if (p[0].revents)
			return;
	}
}

// settle waits for what a run has left behind.
static void settle(void)
{
	if (listener >= 0)
		serve(-1);
	while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR)
		;
}

// run returns the status of the program.
static int run(char **argv, int out, int err, int *left)
{
	int status;
	settle();
	memset(processes, 0, sizeof processes);
	hit = after = known = 0;
	second = -1;
	start(argv, out, err);
	int process = syscall(SYS_pidfd_open, first, 0);
	if (process < 0)
		fail("pidfd_open");
	serve(process);
	close(process);
	if (waitpid(first, &status, __WALL) != first)
		fail("wait");
	pid_t more;
	while ((more = waitpid(-1, NULL, __WALL | WNOHANG)) > 0)
		;
	*left = more == 0;
	return status;
}

static void copy(int fd, off_t size)
{
	off_t at = 0;
	while (at < size)
		if (sendfile(1, fd, &at, size - at) <= 0)
			fail("output");
}

static int line(char *into, size_t size)
{
	if (listener >= 0)
		serve(0);
	return fgets(into, size, stdin) != NULL;
}

int main(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	uid = atoi(argv[1]);
	gid = atoi(argv[2]);
	mounter = argv[3];
	program = argv[5];
	for (char *n = strtok(argv[4], ","); n && spares < CALLS / 2; n = strtok(NULL, ","))
		spare[spares++] = atoi(n);
	setsid();
	setvbuf(stdin, NULL, _IONBF, 0); // nothing waits where poll(2) does not see it
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	char text[256];
	while (line(text, sizeof text)) {
		if (!strcmp(text, "wait\n")) {
			settle();
			dprintf(1, "0 0 0 0 0 0\n");
			continue;
		}
		if (sscanf(text, "%ld %ld %ld %ld %ld %ld %ld", &fault.call, &fault.nth, &fault.what, &fault.lasting,
			   &fault.after, &fault.what2, &fault.follow) != 7)
			return 2;
		int out = memory(), err = memory(), left;
		int status = run(argv + 5, out, err, &left);
		struct stat o, e;
		if (fstat(out, &o) || fstat(err, &e))
			fail("fstat");
		dprintf(1, "%d %d %d %d %ld %ld\n", status, hit, second, left, (long)o.st_size, (long)e.st_size);
		copy(out, o.st_size);
		copy(err, e.st_size);
		close(out);
		close(err);
	}
	return 0;
}
