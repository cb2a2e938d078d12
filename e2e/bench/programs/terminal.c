// terminal ROUNDS SIZE FILE: measures what goes through a terminal. FILE has one command
// a line: the uid to run it as, the name of the process whose memory counts (or "-"),
// the command; separated by tabs, and the words of the command by blanks. Each command
// is to run terminalend SIZE. Each round runs every command once, in random order, on a
// new terminal. For each run it prints a line: round, command, MiB a second, the median
// of a keystroke and its echo (µs), memory (KiB).
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 16, WORDS = 64, KEYS = 300 };

static struct {
	unsigned uid;
	char *process, *run[WORDS];
} command[MAX];
static int commands;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int smaller(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int fail(const char *what, int c)
{
	fprintf(stderr, "terminal: %s: %s\n", command[c].run[0], what);
	exit(1);
}

// memory adds up what the processes of a name have in memory.
static long memory(const char *name)
{
	DIR *proc = opendir("/proc");
	long sum = 0;
	for (struct dirent *e; proc && (e = readdir(proc));) {
		char path[300], line[300], is[64] = "";
		snprintf(path, sizeof path, "/proc/%s/status", e->d_name);
		FILE *f = fopen(path, "r");
		while (f && fgets(line, sizeof line, f)) {
			long kib;
			sscanf(line, "Name: %63s", is);
			if (!strcmp(is, name) && sscanf(line, "VmRSS: %ld", &kib) == 1)
				sum += kib;
		}
		if (f)
			fclose(f);
	}
	closedir(proc);
	return sum;
}

// run measures one command.
static void run(int round, int c, long size)
{
	static char buf[1 << 16], path[64];
	static double took[KEYS];
	struct termios raw;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status;
	if (master < 0 || grantpt(master) || unlockpt(master) || ptsname_r(master, path, sizeof path))
		fail("no terminal", c);
	int slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	fchown(slave, command[c].uid, -1);
	pid_t pid = fork();
	if (pid == 0) {
		setsid();
		ioctl(slave, TIOCSCTTY, 0);
		for (int i = 0; i < 3; i++)
			dup2(slave, i);
		unsigned u = command[c].uid;
		if (u && (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, u, u, u) || syscall(SYS_setresuid, u, u, u)))
			_exit(126);
		execv(command[c].run[0], command[c].run);
		_exit(127);
	}
	close(slave);
	double began = 0;
	for (long have = 0; have < size;) {
		ssize_t n = read(master, buf, sizeof buf);
		if (n <= 0)
			fail("it has ended too early", c);
		if (!have)
			began = now();
		have += n;
	}
	double rate = size / 1048576. / ((now() - began) / 1e6);
	for (int i = 0; i < KEYS; i++) {
		double at = now();
		if (write(master, "k", 1) != 1 || read(master, buf, sizeof buf) != 1)
			fail("no echo", c);
		took[i] = now() - at;
	}
	qsort(took, KEYS, sizeof *took, smaller);
	long kib = strcmp(command[c].process, "-") ? memory(command[c].process) : 0;
	if (write(master, "q", 1) != 1)
		fail("it cannot be ended", c);
	while (read(master, buf, sizeof buf) > 0)
		;
	if (waitpid(pid, &status, 0) != pid || status)
		fail("it has failed", c);
	close(master);
	printf("%d %d %.1f %.1f %ld\n", round, c, rate, took[KEYS / 2], kib);
}

int main(int argc, char **argv)
{
	static char line[1 << 12];
	FILE *f = argc == 4 ? fopen(argv[3], "r") : NULL;
	if (!f)
		return fprintf(stderr, "usage: terminal ROUNDS SIZE FILE\n"), 2;
	while (commands < MAX && fgets(line, sizeof line, f)) {
		char *text = strdup(line), *uid = strsep(&text, "\t"), *rest;
		int n = 0;
		command[commands].uid = atoi(uid);
		command[commands].process = strsep(&text, "\t");
		if (!text)
			return fprintf(stderr, "terminal: not three fields: %s", line), 2;
		text[strcspn(text, "\n")] = 0;
		for (char *w = strtok_r(text, " ", &rest); w && n < WORDS - 1; w = strtok_r(NULL, " ", &rest))
			command[commands].run[n++] = w;
		commands++;
	}
	srandom(time(NULL));
	for (int r = 0; r < atoi(argv[1]); r++) {
		int list[MAX];
		for (int c = 0; c < commands; c++)
			list[c] = c;
		for (int left = commands; left > 0; left--) {
			int k = random() % left, c = list[k];
			list[k] = list[left - 1];
			run(r, c, atol(argv[2]));
			fflush(stdout);
		}
	}
	return 0;
}
