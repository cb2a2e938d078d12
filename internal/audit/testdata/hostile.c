// hostile makes it hard to audit it: hostile DIRECTORY WAY COUNT. It prints
// "file PATH" for each file that it has made.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static char path[8192];
static const char *dir;

static int make(int n)
{
	char p[8192];
	snprintf(p, sizeof p, "%s/f%d", dir, n);
	int fd = open(p, O_CREAT | O_EXCL | O_WRONLY, 0600);
	if (fd < 0)
		return -1;
	close(fd);
	dprintf(1, "file\t%s\n", p);
	return 0;
}

// Processes that start processes, and end at once, in any order.
static void forks(int count)
{
	for (int i = 0; i < count; i += 4) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0) {
			for (int j = 0; j < 2; j++)
				if (fork() < 0)
					_exit(1);
			// Four processes: each finds a number that is free.
			for (int j = 0; j < 4; j++)
				if (make(i + j) == 0)
					_exit(0);
			_exit(1);
		}
		if (i % 32 == 0)
			while (waitpid(-1, NULL, 0) > 0)
				;
	}
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static void on_alarm(int s) { (void)s; }

// Signals interrupt each call, and calls begin anew.
static void signals(int count)
{
	struct sigaction sa = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &sa, NULL);
	struct itimerval often = {{0, 200}, {0, 200}};
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < count; i++)
		if (make(i))
			err(1, "file %d", i);
}

static long filter(unsigned nr, unsigned action, int flags)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = {4, f};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

static volatile int trapped;
static void on_sys(int s, siginfo_t *i, void *context)
{
	(void)s, (void)i;
	trapped++;
	((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = -EPERM;
}

// A filter of its own: SIGSYS for mkdir(2), an error for mknod(2).
static void filters(int count)
{
	struct sigaction sa = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
	sigaction(SIGSYS, &sa, NULL);
	if (filter(SYS_mkdir, SECCOMP_RET_TRAP, 0) || filter(SYS_mknod, SECCOMP_RET_ERRNO | EACCES, 0))
		err(1, "seccomp");
	snprintf(path, sizeof path, "%s/no", dir);
	if (syscall(SYS_mkdir, path, 0700) == 0 || errno != EPERM || trapped != 1)
		errx(1, "mkdir was to be trapped");
	if (syscall(SYS_mknod, path, 0600, 0) == 0 || errno != EACCES)
		errx(1, "mknod was to fail");
	for (int i = 0; i < count; i++)
		if (make(i))
			err(1, "file");
}

// A listener of its own, of which there can be one.
static void listener(int count)
{
	if (filter(SYS_mkdir, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER) >= 0 || errno != EBUSY)
		errx(1, "a second listener: %m");
	make(count);
}

static void ring(int count)
{
	struct io_uring_params p = {0};
	if (syscall(SYS_io_uring_setup, 4, &p) >= 0 || errno != ENOSYS)
		errx(1, "io_uring_setup: %m");
	make(count);
}

// A thread changes the path while another one's call is looked at: TOCTOU.
static volatile int over;
static void *change(void *unused)
{
	char *last = path + strlen(path) - 1;
	while (!over)
		*last = *last == 'a' ? 'b' : 'a';
	return unused;
}
static void race(int count)
{
	pthread_t t;
	snprintf(path, sizeof path, "%s/race-a", dir);
	pthread_create(&t, NULL, change, NULL);
	for (int i = 0; i < count; i++) {
		char p[8192];
		close(open(path, O_CREAT | O_WRONLY, 0600));
		for (int c = 'a'; c <= 'b'; c++) {
			snprintf(p, sizeof p, "%s/race-%c", dir, c);
			if (unlink(p) == 0)
				dprintf(1, "file\t%s\n", p);
		}
	}
	over = 1;
	pthread_join(t, NULL);
}

// Children are killed while they make files.
static void killed(int count)
{
	for (int i = 0; i < count; i++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
			for (;;) {
				snprintf(path, sizeof path, "%s/killed-%d", dir, i);
				close(open(path, O_CREAT | O_WRONLY, 0600));
				unlink(path);
			}
		usleep(500 + i % 7 * 300);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*way)(int); } ways[] = {
		{"forks", forks}, {"signals", signals}, {"filters", filters}, {"listener", listener}, {"ring", ring}, {"race", race}, {"killed", killed},
	};
	if (argc != 4)
		return 2;
	dir = argv[1];
	for (unsigned i = 0; i < sizeof ways / sizeof *ways; i++)
		if (!strcmp(ways[i].name, argv[2])) {
			ways[i].way(atoi(argv[3]));
			return 0;
		}
	return 2;
}
