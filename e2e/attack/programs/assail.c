// assail has a user log in again and again, and another process of theirs attack each
// login at a random moment, as early as the kernel lets it and until the shell is
// there:
//
//	assail ATTACK COUNT WINS UID [-r] [-s] [-j JAIL] PROGRAM ARG…
//
// The user is in the group 7000. assail runs as root, which starts PROGRAM as sshd does: the process is the user's before it
// executes anything. -r: the attacker has a real-time priority. -s: the
// configuration is touched before each login, so that the policy is made anew.
// -j: the login is in a chroot. The session ends with 40 if it has all that is
// demanded of it, with 50 or more if not, and with 41 if it was kept from finding
// out. After so many WINS assail ends.
//
// It prints one line: logins, as demanded, refused, killed, won; how the last of
// these ended; how often the attacker reached what it has no business with; whether
// it had its priority; for how many microseconds it attacked.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GROUP = 7000, // students, which the name service alone knows
	DEMANDED = 40, BLIND = 41, WON = 50, LOST = 99 };

static struct shared {
	volatile int over; // the login with this number has ended
	volatile int reached; // what no attacker may do, and could
	volatile int priority;
} *shared;

static const char *attack, *jail;
static char **program;
static unsigned uid;
static int go[2], start[2], done[2], number;
static long span; // microseconds until the shell is there

static uint64_t state = 88172645463325252;

static unsigned chance(unsigned n)
{
	state ^= state << 13, state ^= state >> 7, state ^= state << 17;
	return state % n;
}

static long now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void pass(long us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};
	nanosleep(&t, NULL);
}

static void become(void)
{
	const gid_t group = GROUP;
	if (setgroups(1, &group) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(LOST);
}

static int is(const char *name) { return !strcmp(attack, name); }

// ---- what the attacker does

static void signals(pid_t pid)
{
	static const int faults[] = {SIGFPE, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	int sig = is("fault") ? faults[chance(5)] : 1 + (int)chance(64);
	sigqueue(pid, sig, (union sigval){0});
	if (sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU) {
		pass(chance(300));
		kill(pid, SIGCONT);
	}
}

static void limits(pid_t pid)
{
	static const int all[] = {RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_STACK};
	int which = is("files") ? RLIMIT_NOFILE : is("processes") ? RLIMIT_NPROC : is("stack") ? RLIMIT_STACK : all[chance(is("memory") ? 3 : 6)];
	struct rlimit was, none;
	if (prlimit(pid, which, NULL, &was))
		return;
	none = was;
	none.rlim_cur = which == RLIMIT_STACK ? 4096 : which == RLIMIT_NOFILE ? chance(5) : 0;
	prlimit(pid, which, &none, NULL);
	// For the stack it has to be over when the next shell is tried.
	pass(5 + chance(which == RLIMIT_STACK || chance(2) ? 40 : 300));
	prlimit(pid, which, &was, NULL);
}

// children lists the children of a process.
static int children(pid_t pid, pid_t *list, int most)
{
	char path[64];
	int n = 0;
	snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
	FILE *f = fopen(path, "re");
	while (f && n < most && fscanf(f, "%d", &list[n]) == 1)
		n++;
	if (f)
		fclose(f);
	return n;
}

// forge answers in the place of a child.
static void forge(pid_t pid)
{
	static const char answer[] = "ops:x:7000:\n";
	char path[64];
	for (int fd = 1; fd < 12; fd++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
		int to = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		struct stat st;
		if (to >= 0 && !fstat(to, &st) && S_ISFIFO(st.st_mode) && write(to, answer, sizeof answer - 1) > 0)
			shared->reached++;
		if (to >= 0)
			close(to);
	}
}

static void descendants(pid_t pid, int depth)
{
	pid_t list[8];
	int n = children(pid, list, 8);
	for (int i = 0; i < n; i++) {
		if (depth < 4)
			descendants(list[i], depth + 1);
		if (is("killed")) {
			if (chance(3) == 0)
				kill(list[i], SIGKILL);
		} else if (is("starved")) {
			limits(list[i]);
		} else if (kill(list[i], SIGSTOP) == 0) {
			forge(list[i]);
			kill(list[i], SIGCONT);
		} else {
			forge(list[i]);
		}
	}
}

// runs tells whether a process is still the program that is attacked, as far as
// that can be seen: of the shell a user sees everything.
static int runs(pid_t pid)
{
	char path[64], exe[256] = "";
	snprintf(path, sizeof path, "/proc/%d/exe", pid);
	return readlink(path, exe, sizeof exe - 1) > 0 && !strcmp(exe, program[0]);
}

static void trace(pid_t pid)
{
	char path[64];
	int status;
	snprintf(path, sizeof path, "/proc/%d/mem", pid);
	int mem = open(path, O_RDWR | O_CLOEXEC);
	if (mem >= 0) {
		shared->reached += runs(pid);
		close(mem);
	}
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return;
	if (!ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		shared->reached += runs(pid);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

// threads looks whether one thread can do what another has given up.
static void threads(pid_t pid)
{
	char path[300], line[256], first[64] = "";
	kill(pid, SIGSTOP);
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(path, sizeof path, "/proc/%d/task/%.20s/status", pid, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (f && fgets(line, sizeof line, f))
			if (!strncmp(line, "CapPrm:", 7)) {
				if (*first && strcmp(first, line))
					shared->reached++;
				snprintf(first, sizeof first, "%.60s", line);
			}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	kill(pid, SIGCONT);
}

// comm opens what tells of a process whether it is the shell already.
static int comm(pid_t pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int is_shell(int fd)
{
	char name[64] = "";
	return pread(fd, name, 63, 0) <= 0 || !strncmp(name, "rbash\n", 6);
}

static void assault(pid_t pid, int n)
{
	if (is("none") || is("size"))
		return;
	if (is("fault") || is("signal")) {
		pass(chance(span));
		if (shared->over != n)
			signals(pid);
		return;
	}
	int fd = comm(pid);
	for (pass(chance(span)); shared->over != n && !is_shell(fd);) {
		if (is("trace"))
			trace(pid);
		else if (is("threads"))
			threads(pid);
		else if (is("forged") || is("killed") || is("starved"))
			descendants(pid, 0);
		else
			limits(pid);
		pass(chance(50));
	}
	close(fd);
}

static void attacker(int realtime)
{
	struct sched_param p = {.sched_priority = 5};
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1);
	shared->priority = realtime && !sched_setscheduler(0, SCHED_FIFO, &p);
	become();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (struct { pid_t pid; int n; } login; read(start[0], &login, sizeof login) == sizeof login;) {
		if (write(go[1], "", 1) == 1)
			assault(login.pid, login.n);
		while (shared->over != login.n)
			pass(100);
		if (write(done[1], "", 1) != 1)
			break;
	}
	_exit(0);
}

// ---- what root does

static char **environment;

// begin starts a login that waits for one byte.
static pid_t begin(void)
{
	pid_t pid = fork();
	if (pid)
		return pid;
	char byte;
	int null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (jail && (chroot(jail) || chdir("/")))
		_exit(LOST);
	become();
	if (read(go[0], &byte, 1) != 1)
		_exit(LOST);
	closefrom(3);
	execve(program[0], program, environment);
	_exit(LOST);
}

static void spoil(void)
{
	int fd = open("/etc/tmpshell.conf", O_WRONLY | O_APPEND | O_CLOEXEC);
	if (fd < 0 || write(fd, "#\n", 2) != 2)
		_exit(LOST);
	close(fd);
}

// measure finds how long it takes until the program is the shell: twice the least
// of some times, since others use the machine, too.
static void measure(int stale)
{
	for (int i = 0; i < 6; i++) {
		if (stale)
			spoil();
		pid_t pid = begin();
		int fd = comm(pid);
		if (write(go[1], "", 1) != 1)
			_exit(LOST);
		long begun = now();
		while (!is_shell(fd) && now() < begun + 500000)
			;
		long took = 2 * (now() - begun);
		if (i && (!span || took < span)) // the first one makes what is missing
			span = took;
		close(fd);
		waitpid(pid, NULL, 0);
	}
}

// fill makes an environment of a size.
static void fill(int left)
{
	static char text[8][100001], *list[12];
	int n = 0;
	for (; environment[n] && environment[n][0] != 'x'; n++)
		list[n] = environment[n];
	for (int i = 0; left > 2; i++) {
		int part = left > 100000 ? 100000 : left;
		memset(text[i], 'x', part);
		text[i][1] = '=', text[i][part] = 0;
		list[n++] = text[i], left -= part;
	}
	list[n] = NULL;
	environment = list;
}

// size has the largest environment with which the program is executed, and after
// that each that is smaller by a byte.
static void size(int less)
{
	static int largest;
	struct rlimit l = {1 << 20, 8 << 20}; // an eighth of the usual size costs an eighth
	setrlimit(RLIMIT_STACK, &l);
	for (int step = largest ? 0 : 1 << 17; step; step /= 2) {
		int status;
		fill(largest + step);
		pid_t pid = begin();
		if (write(go[1], "", 1) != 1 || waitpid(pid, &status, 0) != pid)
			_exit(LOST);
		if (!WIFEXITED(status) || WEXITSTATUS(status) != LOST)
			largest += step;
	}
	fill(largest - less);
}

int main(int argc, char **argv)
{
	char wanted[256], *plain[] = {"PATH=/usr/bin:/bin", "HOME=/", wanted, NULL};
	int count = atoi(argv[2]), wins = atoi(argv[3]), realtime = 0, stale = 0, ends[5] = {0}, last = 0, opt;
	snprintf(wanted, sizeof wanted, "WANTED=%s", getenv("WANTED") ? getenv("WANTED") : "");
	attack = argv[1], uid = atoi(argv[4]), environment = plain;
	state ^= (uint64_t)now() << 20 ^ getpid();
	optind = 5;
	while ((opt = getopt(argc, argv, "+rsj:")) != -1)
		if (opt == 'r')
			realtime = 1;
		else if (opt == 's')
			stale = 1;
		else if (opt == 'j')
			jail = optarg;
		else
			return 2;
	program = argv + optind;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || pipe2(go, O_CLOEXEC) || pipe2(start, O_CLOEXEC) || pipe2(done, O_CLOEXEC))
		return 1;
	if (!is("size"))
		measure(stale);
	pid_t other = fork();
	if (!other)
		attacker(realtime);
	while (number < count && ends[4] < wins) {
		int reached = shared->reached, status;
		struct { pid_t pid; int n; } login;
		char byte;
		siginfo_t info;
		if (is("size"))
			size(number);
		if (stale)
			spoil();
		login.pid = begin(), login.n = ++number;
		if (write(start[1], &login, sizeof login) != sizeof login || waitid(P_PID, login.pid, &info, WEXITED | WNOWAIT))
			return 1;
		shared->over = number; // its number is not another's before the attacker has seen that
		if (read(done[0], &byte, 1) != 1 || waitpid(login.pid, &status, 0) != login.pid)
			return 1;
		int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		if (shared->reached > reached || (code >= WON && code < LOST))
			ends[4]++, last = code;
		else
			ends[code == DEMANDED ? 1 : code < 0 || code == BLIND ? 3 : 2]++;
		if (code == LOST)
			return 1;
	}
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
	printf("%d %d %d %d %d %d %d %d %ld\n", number, ends[1], ends[2], ends[3], ends[4], last, shared->reached, shared->priority, span);
	return 0;
}
