// interleave ROUNDS FILE: measures commands side by side. FILE has one command a
// line: the uid to run it as, what to run before it as root (or "-"), the command;
// separated by tabs, and the words of each by blanks. Each round runs every command
// once, in random order, so that whatever else the machine does meets all of them
// alike. Two rounds at the beginning are not counted.
// For each run it prints a line: round, command, wall time and processor time (µs),
// voluntary and all context switches, page faults, peak memory (KiB).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 64, WORDS = 64, WARM = 2 };

static struct {
	unsigned uid;
	char *before[WORDS], *run[WORDS];
} command[MAX];
static int commands;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double us(struct timeval t) { return t.tv_sec * 1e6 + t.tv_usec; }

static void words(char *text, char **into)
{
	char *rest;
	int n = 0;
	for (char *w = strtok_r(text, " ", &rest); w && n < WORDS - 1; w = strtok_r(NULL, " ", &rest))
		into[n++] = w;
}

// start runs a command to its end. The raw system calls change this process's child
// alone; vfork(2) has no pages to copy.
static void start(char **argv, unsigned uid, struct rusage *u)
{
	int status;
	pid_t pid = vfork();
	if (pid == 0) {
		if (uid && (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, uid, uid, uid) ||
			    syscall(SYS_setresuid, uid, uid, uid)))
			_exit(126);
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, u) != pid || status != 0) {
		fprintf(stderr, "interleave: %s: wait status %x\n", argv[0], status);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0;
	FILE *f = argc == 3 ? fopen(argv[2], "r") : NULL;
	if (!f || rounds < 1)
		return fprintf(stderr, "usage: interleave ROUNDS FILE\n"), 2;
	static char line[1 << 16];
	while (commands < MAX && fgets(line, sizeof line, f)) {
		char *text = strdup(line), *uid = strsep(&text, "\t"), *before = strsep(&text, "\t");
		if (!text)
			return fprintf(stderr, "interleave: not three fields: %s", line), 2;
		text[strcspn(text, "\n")] = 0;
		command[commands].uid = atoi(uid);
		if (strcmp(before, "-"))
			words(before, command[commands].before);
		words(text, command[commands++].run);
	}
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	FILE *out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
	dup2(null, 0);
	dup2(null, 1);
	srandom(time(NULL));
	for (int r = -WARM; r < rounds; r++) {
		int list[MAX];
		for (int c = 0; c < commands; c++)
			list[c] = c;
		for (int left = commands; left > 0; left--) {
			int k = random() % left, c = list[k];
			struct rusage u;
			list[k] = list[left - 1];
			if (command[c].before[0])
				start(command[c].before, 0, &u);
			double began = now();
			start(command[c].run, command[c].uid, &u);
			double wall = now() - began;
			if (r >= 0)
				fprintf(out, "%d %d %.1f %.0f %ld %ld %ld %ld\n", r, c, wall, us(u.ru_utime) + us(u.ru_stime),
					u.ru_nvcsw, u.ru_nvcsw + u.ru_nivcsw, u.ru_minflt + u.ru_majflt, u.ru_maxrss);
		}
	}
	return fclose(out) != 0;
}
