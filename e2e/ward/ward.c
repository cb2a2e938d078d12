/* ward is what an init process cares for: see supervise_test.go and its like.
 *
 *	signals     sends every signal to the first process, one after the other,
 *	            and prints those that come back
 *	orphans N   makes N orphans that end at once, at 1,000 a second or as
 *	            fast as the machine can, and prints how many zombies stay
 *	group       waits for SIGTERM, and has a child that does, too
 *	rest        leaves two processes that last and a file in $TMPDIR, and ends with 5
 *	orphan      prints who the parent of an orphan is
 *	end N       ends with status N, or with N above 1000 by signal N-1000
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void nap(long ns)
{
	struct timespec t = {0, ns};
	nanosleep(&t, NULL);
}

static void field(const char *path, const char *name, char *to, size_t size)
{
	char line[256];
	FILE *f = fopen(path, "r");

	*to = 0;
	while (f && fgets(line, sizeof line, f))
		if (!strncmp(line, name, strlen(name)))
			snprintf(to, size, "%s", line + strlen(name));
	if (f)
		fclose(f);
}

/* idle: the first process waits, and has nothing to do. */
static int idle(void)
{
	char state[64], shared[64], own[64];

	field("/proc/1/status", "State:\t", state, sizeof state);
	field("/proc/1/status", "ShdPnd:\t", shared, sizeof shared);
	field("/proc/1/status", "SigPnd:\t", own, sizeof own);
	return state[0] == 'S' && strtoull(shared, NULL, 16) == 0 && strtoull(own, NULL, 16) == 0;
}

static int signals(void)
{
	sigset_t all;
	int sent, got, count = 0;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	for (sent = 1; sent <= 64; sent++) {
		int came = 0;

		if (sent == SIGKILL || sent == SIGSTOP || sent == SIGCHLD || sent == SIGUSR1 || sent == 32 || sent == 33)
			continue;
		if (getenv("NOSTOP") && (sent == SIGTSTP || sent == SIGTTIN || sent == SIGTTOU))
			continue;
		kill(1, sent);
		while (!idle())
			nap(100000);
		kill(1, SIGUSR1); /* comes after what was forwarded before */
		do {
			got = sigwaitinfo(&all, NULL);
			came = came || got == sent;
		} while (got != SIGUSR1);
		while (idle() == 0)
			nap(100000);
		for (;;) { /* numbers above SIGUSR1's come after it */
			struct timespec now = {0, 0};
			got = sigtimedwait(&all, NULL, &now);
			if (got < 0)
				break;
			came = came || got == sent;
		}
		if (came)
			count++;
		else
			printf("not %d\n", sent);
	}
	printf("forwarded %d\n", count);
	return 0;
}

static int zombies(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while ((e = readdir(d))) {
		char path[300], state[64];
		if (atoi(e->d_name) < 2)
			continue;
		snprintf(path, sizeof path, "/proc/%s/status", e->d_name);
		field(path, "State:\t", state, sizeof state);
		n += state[0] == 'Z';
	}
	closedir(d);
	return n;
}

static int orphans(int n)
{
	struct timespec start, now;
	int i, left = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			if (fork() == 0)
				_exit(0);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
			perror("fork");
			return 1;
		}
		for (;;) {
			clock_gettime(CLOCK_MONOTONIC, &now);
			if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >= i)
				break;
			nap(200000);
		}
	}
	/* Who reaps has them all when it waits again. */
	for (i = 0; i < 3; i++) {
		while (getenv("REAPS") && !idle())
			nap(1000000);
		left = zombies();
		if (left == 0)
			break;
	}
	printf("zombies %d\n", left);
	return 0;
}

static int group(void)
{
	sigset_t term;
	int got, p[2];
	pid_t child;
	char c, pending[64], path[64];

	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	if (pipe(p))
		return 1;
	child = fork();
	if (child == 0) {
		if (write(p[1], "", 1) != 1)
			_exit(1);
		sigwait(&term, &got);
		_exit(3);
	}
	if (read(p[0], &c, 1) != 1)
		return 1;
	snprintf(path, sizeof path, "/proc/%d/status", child);
	do {
		nap(100000);
		field(path, "State:\t", pending, sizeof pending);
	} while (pending[0] != 'S'); /* it waits for the signal */
	kill(1, SIGTERM);
	sigwait(&term, &got);
	while (!idle())
		nap(100000);
	{
		int status;
		field(path, "ShdPnd:\t", pending, sizeof pending);
		if (waitpid(child, &status, WNOHANG) == child || strtoull(pending, NULL, 16) != 0)
			printf("both\n");
		else {
			field(path, "State:\t", pending, sizeof pending);
			/* it has taken the signal, and is ending */
			printf(pending[0] == 'S' ? "one\n" : "both\n");
		}
	}
	return 0;
}

static int rest(void)
{
	int p[2], i;
	char c;
	const char *dir = getenv("TMPDIR");

	if (pipe(p))
		return 1;
	if (dir && !chdir(dir))
		close(open("left", O_CREAT | O_WRONLY, 0600));
	for (i = 0; i < 2; i++) {
		if (fork() == 0) {
			sigset_t term;
			int got;
			setsid();
			if (fork())
				_exit(0);
			if (i)
				signal(SIGTERM, SIG_IGN);
			sigemptyset(&term);
			sigaddset(&term, SIGTERM);
			sigprocmask(SIG_BLOCK, &term, NULL);
			if (write(p[1], "", 1) != 1)
				_exit(1);
			if (i)
				for (;;)
					pause();
			sigwait(&term, &got);
			close(open("/tmp/told", O_CREAT | O_WRONLY, 0600));
			_exit(0);
		}
		if (read(p[0], &c, 1) != 1)
			return 1;
	}
	return 5;
}

static int orphan(void)
{
	int p[2];
	char line[128];
	ssize_t n;

	if (pipe(p))
		return 1;
	if (fork() == 0) {
		pid_t mid = getpid();
		if (fork() == 0) {
			char path[64], name[64] = "?\n";
			while (getppid() == mid)
				nap(1000000);
			snprintf(path, sizeof path, "/proc/%d/comm", getppid());
			n = read(open(path, O_RDONLY), name, sizeof name - 1);
			if (n < 0 || write(p[1], name, strcspn(name, "\n")) < 0)
				_exit(1);
		}
		_exit(0);
	}
	wait(NULL);
	close(p[1]);
	n = read(p[0], line, sizeof line - 1);
	printf("%.*s\n", (int)(n < 0 ? 0 : n), line);
	return 0;
}

static int end(int n)
{
	struct rlimit none = {0, 0};

	if (n < 1000)
		return n;
	setrlimit(RLIMIT_CORE, &none);
	raise(n - 1000);
	return 99;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int n = argc > 2 ? atoi(argv[2]) : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(what, "signals"))
		return signals();
	if (!strcmp(what, "orphans"))
		return orphans(n);
	if (!strcmp(what, "group"))
		return group();
	if (!strcmp(what, "rest"))
		return rest();
	if (!strcmp(what, "orphan"))
		return orphan();
	if (!strcmp(what, "end"))
		return end(n);
	return 2;
}
