#include "stage.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void limit(char *o) /* RESOURCE:SOFT:HARD */
{
	int which = number(&o);
	struct rlimit r = {.rlim_cur = number(&o)};
	r.rlim_max = number(&o);
	MUST(setrlimit(which, &r));
}

static void do_nice(char *o) { MUST(setpriority(PRIO_PROCESS, 0, number(&o))); }

/* POLICY:PRIORITY:FLAGS:RUNTIME:DEADLINE:PERIOD:CLAMP:CLAMP of sched_setattr(2) */
static void scheduling(char *o)
{
	struct {
		unsigned size, policy;
		unsigned long flags;
		int nice;
		unsigned priority;
		unsigned long runtime, deadline, period;
		unsigned clamp_min, clamp_max;
	} a = {.size = sizeof a};
	a.policy = number(&o), a.priority = number(&o), a.flags = number(&o), a.runtime = number(&o);
	a.deadline = number(&o), a.period = number(&o), a.clamp_min = number(&o), a.clamp_max = number(&o);
	MUST(syscall(SYS_sched_setattr, 0, &a, 0));
}

static void affinity(char *o)
{
	unsigned long set = number(&o);
	MUST(syscall(SYS_sched_setaffinity, 0, sizeof set, &set));
}

static void ioprio(char *o) { MUST(syscall(SYS_ioprio_set, 1, 0, number(&o))); }

static void mempolicy(char *o) /* MODE:NODES */
{
	int mode = number(&o);
	unsigned long nodes = number(&o);
	MUST(syscall(SYS_set_mempolicy, mode, &nodes, 64));
}

static void do_personality(char *o) { MUST(personality(number(&o))); }

static void control(char *o) /* prctl(2), up to five numbers */
{
	long a = number(&o), b = number(&o), c = number(&o), d = number(&o);
	MUST(prctl(a, b, c, d, number(&o)));
}

static void put(char *o) /* FILE:TEXT */
{
	char *path = word(&o);
	int fd = open(path, O_WRONLY);
	MUST(fd);
	MUST(write(fd, o, strlen(o)));
	MUST(close(fd));
}

static void do_unshare(char *o) { MUST(unshare(number(&o))); }

static void covered(char *o) /* an empty file system on a directory, in a namespace of its own */
{
	MUST(unshare(CLONE_NEWNS));
	MUST(mount("", "/", "", MS_REC | MS_PRIVATE, ""));
	MUST(mount("none", o, "tmpfs", 0, ""));
}

static void keyring(char *o) { MUST(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, o)); }

static void filter(unsigned call, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void refuse(char *o) /* SYSTEM CALL:ERROR, by a seccomp filter */
{
	unsigned call = number(&o);
	filter(call, SECCOMP_RET_ERRNO | number(&o));
}

/* SYSTEM CALL, by a seccomp filter */
static void deadly(char *o) { filter(number(&o), SECCOMP_RET_KILL_PROCESS); }

static void grow(char *o) /* COUNT:LENGTH, more than this process could have been given */
{
	extern char **environ;
	long count = number(&o), length = number(&o), have = 0;
	while (environ[have])
		have++;
	char **all = calloc(have + count + 1, sizeof *all), *entry = calloc(length + 1, 1);
	memcpy(all, environ, have * sizeof *all);
	memset(entry, 'x', length);
	memcpy(entry, "A=", 2);
	for (long i = 0; i < count; i++)
		all[have + i] = entry;
	environ = all;
}

const struct step kernel_steps[] = {
	{"limit", limit}, {"nice", do_nice}, {"scheduling", scheduling}, {"affinity", affinity}, {"ioprio", ioprio},
	{"mempolicy", mempolicy}, {"personality", do_personality}, {"control", control}, {"put", put},
	{"unshare", do_unshare}, {"covered", covered}, {"keyring", keyring}, {"refuse", refuse}, {"deadly", deadly}, {"grow", grow}, {0},
};
