#include "probe.h"
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/prctl.h>
#include <unistd.h>

void see_limits(void)
{
	char key[32];
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit r;
		snprintf(key, sizeof key, "limit %d", i);
		if (getrlimit(i, &r))
			unknown(key);
		else
			fact(key, "%ld:%ld", (long)r.rlim_cur, (long)r.rlim_max);
	}
}

static void see_attr(void)
{
	struct {
		unsigned size, policy;
		unsigned long flags;
		int nice;
		unsigned priority;
		unsigned long runtime, deadline, period;
		unsigned clamp_min, clamp_max;
	} a = {0};
	if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0))
		unknown("scheduling");
	else
		fact("scheduling", "policy %u, flags %#lx, nice %d, priority %u, runtime %lu, deadline %lu, period %lu, clamps %u %u",
		     a.policy, a.flags, a.nice, a.priority, a.runtime, a.deadline, a.period, a.clamp_min, a.clamp_max);
}

void see_scheduling(void)
{
	unsigned long words[128] = {0}, nodes[16] = {0};
	int policy = -1;

	see_attr();
	errno = 0;
	fact("nice", "%d", getpriority(PRIO_PROCESS, 0));
	long n = syscall(SYS_sched_getaffinity, 0, sizeof words, words);
	for (long i = 0; i < n / 8; i++)
		if (words[i])
			fact("affinity", "%ld %016lx", i, words[i]);
	fact("io priority", "%#lx", syscall(SYS_ioprio_get, 1, 0));
	fact("timer slack", "%d", prctl(PR_GET_TIMERSLACK));
	if (syscall(SYS_get_mempolicy, &policy, nodes, sizeof nodes * 8, 0, 0))
		unknown("memory policy");
	else
		fact("memory policy", "%#x, nodes %lx", policy, nodes[0]);
	unsigned long cookie = 0;
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, 0, &cookie))
		unknown("core scheduling");
	else
		fact("core scheduling", "%s", cookie ? "with a cookie" : "none");
}
