// floormount SOURCE TARGET PROGRAM ARG…: the least that a program in C can do to
// give a program another directory in place of one: a mount namespace of its own,
// slave propagation, one bind mount. Needs CAP_SYS_ADMIN.
#define _GNU_SOURCE
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc < 4 || unshare(CLONE_NEWNS) || mount("", "/", "", MS_REC | MS_SLAVE, "") ||
	    mount(argv[1], argv[2], "", MS_BIND, ""))
		return 125;
	execv(argv[3], argv + 3);
	return 126;
}
