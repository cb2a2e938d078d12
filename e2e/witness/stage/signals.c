#include "stage.h"
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* The system calls themselves: libc refuses 32 and 33. */

static void each(char *list, void (*do_it)(int))
{
	if (!strcmp(list, "all")) {
		for (int n = 1; n <= 64; n++)
			if (n != SIGKILL && n != SIGSTOP)
				do_it(n);
		return;
	}
	for (char *n; (n = strsep(&list, ",")); )
		do_it(atoi(n));
}

static void ignore_one(int n)
{
	struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } action = {(void *)SIG_IGN, 0, 0, 0};
	MUST(syscall(SYS_rt_sigaction, n, &action, NULL, 8));
}

void ignore_none(void)
{
	unsigned long none = 0, action[4] = {0};
	for (int n = 1; n <= 64; n++)
		syscall(SYS_rt_sigaction, n, action, NULL, 8); /* not for KILL and STOP */
	MUST(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8));
}

static void block_one(int n)
{
	unsigned long set = 1UL << (n - 1);
	MUST(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8));
}

static void process_one(int n) { MUST(syscall(SYS_kill, getpid(), n)); }
static void thread_one(int n) { MUST(syscall(SYS_tgkill, getpid(), getpid(), n)); }

static void ignore(char *list) { each(list, ignore_one); }
static void block(char *list) { each(list, block_one); }
static void process(char *list) { each(list, process_one); } /* pending for the process */
static void thread(char *list) { each(list, thread_one); }   /* pending for the thread */

static void queue(char *o) /* SIGNAL:VALUE */
{
	int n = number(&o);
	union sigval value = {.sival_int = number(&o)};
	MUST(sigqueue(getpid(), n, value));
}

static void timer(char *o) /* WHICH:SECONDS:INTERVAL */
{
	int which = number(&o);
	struct itimerval t = {0};
	t.it_value.tv_sec = number(&o);
	t.it_interval.tv_sec = number(&o);
	MUST(setitimer(which, &t, NULL));
}

static void deathsig(char *o) { MUST(prctl(PR_SET_PDEATHSIG, number(&o))); }

static void ended(char *o) /* a child that has ended with STATUS, not waited for */
{
	siginfo_t info;
	int status = number(&o);
	pid_t pid = fork();
	if (pid == 0)
		_exit(status);
	MUST(pid);
	MUST(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
}

static void running(char *o) /* a child that lives as long as the process */
{
	(void)o;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int fd = 0; fd < 64; fd++)
			close(fd); /* the reader of descriptor 9 waits for its end */
		for (;;)
			pause();
	}
	MUST(pid);
}

const struct step signal_steps[] = {
	{"ignore", ignore}, {"block", block}, {"process", process}, {"thread", thread}, {"queue", queue},
	{"timer", timer}, {"deathsig", deathsig}, {"ended", ended}, {"running", running}, {0},
};
