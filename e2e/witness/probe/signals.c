#include "probe.h"
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* The system calls themselves: libc hides 32 and 33, its own. */

void see_signals(void)
{
	struct { void *handler; unsigned long flags; void *restorer; unsigned long mask; } now;
	char key[32];
	for (int n = 1; n <= 64; n++) {
		snprintf(key, sizeof key, "signal %d", n);
		if (syscall(SYS_rt_sigaction, n, NULL, &now, 8))
			unknown(key);
		else
			fact(key, "%s, flags %#lx, mask %#lx",
			     now.handler == SIG_IGN ? "ignored" : now.handler == SIG_DFL ? "default" : "caught",
			     now.flags, now.mask);
	}
	unsigned long set = 0;
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &set, 8);
	fact("signals blocked", "%016lx", set);
	syscall(SYS_rt_sigpending, &set, 8);
	fact("signals pending", "%016lx", set);

	stack_t stack = {0};
	sigaltstack(NULL, &stack);
	fact("alternate signal stack", "%#x", stack.ss_flags);
	int dead = -1;
	prctl(PR_GET_PDEATHSIG, &dead);
	fact("parent-death signal", "%d", dead);
}

/* Who has sent what, in the order in which it arrives. This takes them. */
void see_pending(void)
{
	unsigned long pending = 0;
	siginfo_t info;
	struct timespec now = {0};
	syscall(SYS_rt_sigpending, &pending, 8);
	for (int i = 0; i < 200; i++) {
		int n = syscall(SYS_rt_sigtimedwait, &pending, &info, &now, 8);
		if (n <= 0)
			return;
		fact("pending", "signal %d, code %d, from %s, uid %d, value %d", n, info.si_code,
		     role(info.si_pid), (int)info.si_uid,
		     info.si_code == SI_QUEUE || n == SIGCHLD ? info.si_value.sival_int : 0);
	}
}

void see_timers(void)
{
	static const char *const names[] = {"timer, real", "timer, virtual", "timer, profiling"};
	for (int which = 0; which < 3; which++) {
		struct itimerval t;
		if (getitimer(which, &t))
			unknown(names[which]);
		else /* it has gone on running */
			fact(names[which], "%s, about %ld s left, every %ld.%06ld s",
			     t.it_value.tv_sec || t.it_value.tv_usec ? "set" : "not set",
			     (t.it_value.tv_sec + 30) / 60 * 60, t.it_interval.tv_sec, t.it_interval.tv_usec);
	}
	file("/proc/self/timers");
}
