#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { HIGHEST = 4096 };

/* The target of a link in /proc, without the numbers of what has no name. Tells
 * whether it has one. */
static int link_to(const char *key, const char *path)
{
	char target[4096], kept[4096];
	ssize_t n = readlink(path, target, sizeof target - 1);
	if (n < 0) {
		unknown(key);
		return 0;
	}
	target[n] = 0;
	char *to = kept;
	int named = *target == '/'; /* or a pipe, a socket, a namespace */
	for (char *from = target; *from; from++)
		if (named || *from < '0' || *from > '9')
			*to++ = *from;
	*to = 0;
	text(key, kept);
	return named;
}

/* The number of a file that others can find, too. */
static unsigned long lasting(const struct stat *st) { return st->st_nlink ? st->st_ino : 0; }

static void see_descriptor(int fd)
{
	char key[64], path[64];
	struct stat st;
	struct f_owner_ex owner = {0};
	int waiting = -1;

	snprintf(key, sizeof key, "descriptor %d", fd);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	int named = link_to(key, path);
	if (fstat(fd, &st))
		unknown(key);
	else
		fact(key, "mode %o, owner %d:%d, device %lx, size %ld", st.st_mode, st.st_uid, st.st_gid,
		     S_ISCHR(st.st_mode) ? st.st_rdev : 0, S_ISREG(st.st_mode) ? (long)st.st_size : 0);
	if (named && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		fact(key, "inode %lu, offset %ld", lasting(&st), (long)lseek(fd, 0, SEEK_CUR));
	ioctl(fd, FIONREAD, &waiting);
	fcntl(fd, F_GETOWN_EX, &owner);
	fact(key, "flags %#o, descriptor flags %d, %d bytes to read, owner %d %s, signal %d, lease %d, pipe size %d, seals %d",
	     fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), waiting, owner.type, role(owner.pid), fcntl(fd, F_GETSIG),
	     fcntl(fd, F_GETLEASE), fcntl(fd, F_GETPIPE_SZ), fcntl(fd, F_GET_SEALS));
}

/* Locks on an open file, as the kernel lists them without the process. */
static void see_locks(int fd)
{
	char key[64], path[64], *line, *rest;
	snprintf(key, sizeof key, "lock on descriptor %d", fd);
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	for (rest = contents(path); rest && (line = strsep(&rest, "\n")); ) {
		char kind[16], mode[16], access[16];
		if (sscanf(line, "lock: %*d: %15s %15s %15s", kind, mode, access) == 3)
			fact(key, "%s %s %s", kind, mode, access);
	}
}

void see_descriptors(void)
{
	for (int fd = 0; fd < HIGHEST; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			see_descriptor(fd);
	for (int fd = 0; fd < HIGHEST; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			see_locks(fd);
}

void see_directories(void)
{
	char path[4096];
	struct stat st;
	if (syscall(SYS_getcwd, path, sizeof path) < 0) /* libc looks for a name of its own */
		unknown("working directory");
	else
		text("working directory", path);
	if (stat(".", &st))
		unknown("working directory");
	else
		fact("working directory", "mode %o, owner %d:%d, inode %lu, %lu links",
		     st.st_mode, st.st_uid, st.st_gid, lasting(&st), st.st_nlink);
	fact("working directory", "access %d", access(".", R_OK | X_OK));
	link_to("working directory", "/proc/self/cwd");
	link_to("root directory", "/proc/self/root");
	if (!stat("/", &st))
		fact("root directory", "inode %lu", st.st_ino);
	link_to("program", "/proc/self/exe");
	mode_t mask = umask(0);
	umask(mask);
	fact("umask", "%04o", mask);
}
