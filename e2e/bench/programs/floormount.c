// floormount UID SOURCE TARGET PROGRAM ARG…: the least that a program in C can do to
// give a program another directory in place of one: a mount namespace of its own,
// slave propagation, one bind mount, and then the user's uid. Needs CAP_SYS_ADMIN.
#define _GNU_SOURCE
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 5)
		return 125;
	unsigned id = atoi(argv[1]);
	if (unshare(CLONE_NEWNS) || mount("", "/", "", MS_REC | MS_SLAVE, "") || mount(argv[2], argv[3], "", MS_BIND, "") ||
	    setgroups(0, NULL) || setgid(id) || setuid(id))
		return 125;
	execv(argv[4], argv + 4);
	return 126;
}
