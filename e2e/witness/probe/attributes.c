#include "probe.h"
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef PR_GET_MDWE
#define PR_GET_MDWE 66
#endif
#ifndef PR_GET_MEMORY_MERGE
#define PR_GET_MEMORY_MERGE 68
#endif

void see_capabilities(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2] = {0};
	if (syscall(SYS_capget, &head, d))
		unknown("capabilities");
	fact("capabilities, permitted", "%08x%08x", d[1].permitted, d[0].permitted);
	fact("capabilities, effective", "%08x%08x", d[1].effective, d[0].effective);
	fact("capabilities, inheritable", "%08x%08x", d[1].inheritable, d[0].inheritable);
	unsigned long bounding = 0, ambient = 0;
	for (int i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= 1UL << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= 1UL << i;
	}
	fact("capabilities, bounding", "%016lx", bounding);
	fact("capabilities, ambient", "%016lx", ambient);
	fact("securebits", "%#x", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
}

void see_attributes(void)
{
	int number = -1;
	fact("no_new_privs", "%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	fact("seccomp", "%d", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	fact("dumpable", "%d", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	fact("keep capabilities", "%d", prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0));
	prctl(PR_GET_CHILD_SUBREAPER, &number);
	fact("subreaper", "%d", number);
	fact("personality", "%#x", personality(0xffffffff));
	fact("huge pages off", "%d", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	fact("memory-deny-write-execute", "%d", prctl(PR_GET_MDWE, 0, 0, 0, 0));
	fact("memory merge", "%d", prctl(PR_GET_MEMORY_MERGE, 0, 0, 0, 0));
	fact("machine checks", "%d", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
	fact("io flusher", "%d", prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0));
	fact("speculation", "%d %d %d", prctl(PR_GET_SPECULATION_CTRL, 0, 0, 0, 0),
	     prctl(PR_GET_SPECULATION_CTRL, 1, 0, 0, 0), prctl(PR_GET_SPECULATION_CTRL, 2, 0, 0, 0));
	if (prctl(PR_GET_TSC, &number))
		number = -1;
	fact("time stamp counter", "%d", number);
	char name[17] = {0};
	prctl(PR_GET_NAME, name);
	text("name", name);
	char keyring[256] = {0};
	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, keyring, sizeof keyring - 1) < 0)
		unknown("session keyring");
	else
		text("session keyring", keyring);
}
