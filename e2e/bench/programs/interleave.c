// interleave ROUNDS FILE: measures commands side by side. FILE has one command
// a line, words separated by blanks. Each round runs every command once, in
// random order, so that whatever else the machine does meets all of them alike.
// For each command it prints the medians of: wall time, its difference to that
// of the first command in the same round with the quartiles of the differences,
// processor time (µs), context switches, page faults, peak memory (KiB).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 64, WORDS = 64, WARM = 5 };

static char *command[MAX][WORDS];
static int commands;
static double *value[MAX][5]; // wall, processor, switches, faults, memory

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double us(struct timeval t) { return t.tv_sec * 1e6 + t.tv_usec; }

static void run(int c, int round)
{
	double start = now();
	pid_t pid = vfork();
	if (pid == 0) {
		execv(command[c][0], command[c]);
		_exit(127);
	}
	int status;
	struct rusage u;
	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || status != 0) {
		fprintf(stderr, "interleave: %s: status %x\n", command[c][0], status);
		exit(1);
	}
	if (round < 0)
		return;
	value[c][0][round] = now() - start;
	value[c][1][round] = us(u.ru_utime) + us(u.ru_stime);
	value[c][2][round] = u.ru_nvcsw + u.ru_nivcsw;
	value[c][3][round] = u.ru_minflt + u.ru_majflt;
	value[c][4][round] = u.ru_maxrss;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double at(double *v, int n, double part) { return v[(int)(part * (n - 1))]; }

int main(int argc, char **argv)
{
	int rounds = argc == 3 ? atoi(argv[1]) : 0;
	FILE *f = argc == 3 ? fopen(argv[2], "r") : NULL;
	if (!f || rounds < 1)
		return fprintf(stderr, "usage: interleave ROUNDS FILE\n"), 2;
	static char line[4096];
	while (commands < MAX && fgets(line, sizeof line, f)) {
		int n = 0;
		for (char *w = strtok(line, " \n"); w && n < WORDS - 1; w = strtok(NULL, " \n"))
			command[commands][n++] = strdup(w);
		if (n > 0)
			commands++;
	}
	int null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	int out = dup(1);
	dup2(null, 1);
	srandom(time(NULL));
	for (int c = 0; c < commands; c++)
		for (int v = 0; v < 5; v++)
			value[c][v] = calloc(rounds, sizeof(double));
	for (int r = -WARM; r < rounds; r++) {
		int list[MAX];
		for (int c = 0; c < commands; c++)
			list[c] = c;
		for (int c = commands; c > 0; c--) {
			int k = random() % c, x = list[k];
			list[k] = list[c - 1];
			run(x, r);
		}
	}
	double *d = calloc(rounds, sizeof(double));
	for (int c = commands - 1; c >= 0; c--) { // the first one last: it is subtracted from the others
		double m[5];
		for (int r = 0; r < rounds; r++)
			d[r] = value[c][0][r] - value[0][0][r];
		qsort(d, rounds, sizeof *d, order);
		double low = at(d, rounds, .25), mid = at(d, rounds, .5), high = at(d, rounds, .75);
		double *keep = c ? NULL : value[0][0];
		for (int v = 0; v < 5; v++) {
			double *s = calloc(rounds, sizeof *s);
			memcpy(s, value[c][v], rounds * sizeof *s);
			qsort(s, rounds, sizeof *s, order);
			m[v] = at(s, rounds, .5);
			free(s);
		}
		(void)keep;
		dprintf(out, "%d %.1f %.1f %.1f %.1f %.1f %.0f %.0f %.0f\n", c, m[0], mid, low, high, m[1], m[2], m[3], m[4]);
	}
	return 0;
}
