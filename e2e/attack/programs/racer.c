// racer rearranges a directory as fast as it can, from one user's rights, for as
// long as its parent lives: racer KIND TARGET [ENTRY]. TARGET is what a followed
// link would lead to.
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BASE "/tmp/.private"
static char spare[64], entry[128];
static const char *target;

static void exchange(const char *a, const char *b)
{
	syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2 /* RENAME_EXCHANGE */);
}

// base: the name of the base is now a directory, now a link, now nothing.
static void base(void)
{
	mkdir(BASE, 0777);
	mkdir(entry, 0777);
	symlink(target, spare);
	exchange(spare, BASE);
	exchange(spare, BASE);
	unlink(spare);
	rmdir(entry);
	rmdir(BASE);
	symlink(target, BASE);
	unlink(BASE);
}

// user: a squatted base, in which a link takes the place of the user's directory
// as soon as that is made.
static void user(void)
{
	static const char gone[] = BASE "/gone";
	mkdir(BASE, 0777);
	for (int i = 0; i < 1000; i++)
		if (rename(entry, gone) == 0) {
			symlink(target, entry);
			exchange(entry, gone);
			exchange(entry, gone);
			for (int j = 0; j < 100; j++)
				getppid();
			unlink(entry);
			rmdir(gone);
		}
}

// fallback: the names that are used where the helper cannot work.
static void fallback(void)
{
	char name[64], other[64];
	const char *uid = strrchr(entry, '/') + 1;
	snprintf(name, sizeof name, BASE "-%s", uid);
	for (int i = 0; i < 12; i++) {
		if (i)
			snprintf(other, sizeof other, BASE "-%s.%d", uid, i);
		else
			strcpy(other, name);
		symlink(target, spare);
		mkdir(other, 0777);
		exchange(spare, other);
		exchange(spare, other);
		rmdir(other);
		symlink(target, other);
		unlink(other);
		unlink(spare);
	}
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	target = argv[2];
	snprintf(entry, sizeof entry, BASE "/%s", argv[3]);
	snprintf(spare, sizeof spare, "/tmp/spare-%u", getuid());
	umask(0);
	if (nice(5) == -1) // all of them together are to leave the logins some time
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	void (*race)(void) = !strcmp(argv[1], "base") ? base : !strcmp(argv[1], "user") ? user : fallback;
	while (getppid() != 1)
		race();
}
