#include "stage.h"
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <string.h>
#include <unistd.h>

static void uids(char *o) /* REAL:EFFECTIVE:SAVED */
{
	uid_t r = number(&o), e = number(&o);
	MUST(setresuid(r, e, number(&o)));
}

static void gids(char *o)
{
	gid_t r = number(&o), e = number(&o);
	MUST(setresgid(r, e, number(&o)));
}

static void groups(char *o) /* FROM:COUNT, as many groups from a number on */
{
	static gid_t list[1 << 16];
	gid_t from = number(&o);
	int n = number(&o);
	for (int i = 0; i < n; i++)
		list[i] = from + i;
	MUST(setgroups(n, list));
}

static void keep(char *o) { (void)o; MUST(prctl(PR_SET_KEEPCAPS, 1)); }

static void caps(char *o) /* PERMITTED:EFFECTIVE:INHERITABLE */
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	unsigned long p = number(&o), e = number(&o), i = number(&o);
	struct __user_cap_data_struct d[2] = {{e, p, i}, {e >> 32, p >> 32, i >> 32}};
	MUST(syscall(SYS_capset, &head, d));
}

static void ambient(char *o) /* SET */
{
	unsigned long set = number(&o);
	for (int i = 0; i < 64; i++)
		if (set >> i & 1)
			MUST(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0));
}

static void bounding(char *o) /* SET that is kept */
{
	unsigned long set = number(&o);
	for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
		if (!(set >> i & 1))
			MUST(prctl(PR_CAPBSET_DROP, i, 0, 0, 0));
}

static void securebits(char *o) { MUST(prctl(PR_SET_SECUREBITS, number(&o), 0, 0, 0)); }

const struct step identity_steps[] = {
	{"uids", uids}, {"gids", gids}, {"groups", groups}, {"keep", keep}, {"caps", caps}, {"ambient", ambient},
	{"bounding", bounding}, {"securebits", securebits}, {0},
};
