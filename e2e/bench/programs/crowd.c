// crowd UID USER PROGRAM ARG…: holds many sessions. Each number that it reads is how
// many there are to be. It starts what is missing, one after the other, and prints the
// median of the time, in milliseconds, that each took until crowdmember ran in it, of
// the last 100 at most. The sessions are those of the uids from UID on; with USER
// "root" they are started by root, else by their user. "UID" in an argument is the
// session's. It is to be the first process of a PID namespace: with it all of them end.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TOLD = 9, WORDS = 64, LAST = 100 };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int smaller(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

// start begins a session and waits for crowdmember.
static void start(char **argv, unsigned uid, int root)
{
	static char text[WORDS][256];
	char *words[WORDS + 1] = {0}, c;
	int told[2];
	for (int i = 0; argv[i] && i < WORDS; i++) {
		char *at = strstr(argv[i], "UID");
		if (at)
			snprintf(text[i], sizeof text[i], "%.*s%u%s", (int)(at - argv[i]), argv[i], uid, at + 3);
		words[i] = at ? text[i] : argv[i];
	}
	if (pipe2(told, O_CLOEXEC))
		exit(1);
	pid_t pid = vfork();
	if (pid == 0) {
		if (!root && (syscall(SYS_setgroups, 0, NULL) || syscall(SYS_setresgid, uid, uid, uid) ||
			      syscall(SYS_setresuid, uid, uid, uid)))
			_exit(126);
		dup2(told[1], TOLD);
		execv(words[0], words);
		_exit(127);
	}
	close(told[1]);
	if (pid < 0 || read(told[0], &c, 1) != 1) {
		fprintf(stderr, "crowd: %s of uid %u has not begun\n", words[0], uid);
		exit(1);
	}
	close(told[0]);
}

int main(int argc, char **argv)
{
	static double took[LAST];
	int there = 0, wanted;
	if (argc < 4)
		return fprintf(stderr, "usage: crowd UID USER PROGRAM ARG...\n"), 2;
	while (scanf("%d", &wanted) == 1) {
		int n = 0;
		for (; there < wanted; there++) {
			double began = now();
			start(argv + 3, atoi(argv[1]) + there, !strcmp(argv[2], "root"));
			took[n++ % LAST] = now() - began;
		}
		n = n < LAST ? n : LAST;
		qsort(took, n, sizeof *took, smaller);
		printf("%.3f\n", n ? took[n / 2] : 0);
		fflush(stdout);
	}
	return 0;
}
