// makes makes objects of each kind by each system call that makes any, and prints
// "KIND PATH" for each one that it has made: makes DIRECTORY OUTSIDE COUNT. It also
// makes calls that fail, or make nothing, or make something OUTSIDE.
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[PATH_MAX], outside[PATH_MAX], path[PATH_MAX], name[64], there[PATH_MAX], source[PATH_MAX];
static int fd_dir, number;
static long x32; // the bit of the calls of x32, or 0
#define call(nr, ...) syscall((nr) | x32, __VA_ARGS__)

static void made(const char *kind) { printf("%s\t%s/%s\n", kind, dir, name); }
static void failed(const char *what) { errx(1, "%s %d: %s", what, number, strerror(errno)); }
static int done(const char *what, long r)
{
	if (r < 0)
		failed(what);
	return r;
}
static void file(const char *what, long fd) { close(done(what, fd)); made("file"); }

static void by_open(void) { file("open", call(SYS_open, path, O_CREAT | O_WRONLY, 0600)); }
static void by_creat(void) { file("creat", call(SYS_creat, path, 0644)); }
static void by_openat(void) { file("openat", call(SYS_openat, fd_dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR, 0600)); }
static void by_openat2(void)
{
	struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0600};
	file("openat2", call(SYS_openat2, fd_dir, name, &how, sizeof how));
}
static void by_mkdir(void) { done("mkdir", call(SYS_mkdir, path, 0700)); made("directory"); }
static void by_mkdirat(void) { strcat(path, "//"); done("mkdirat", call(SYS_mkdirat, AT_FDCWD, path, 0700)); made("directory"); }
static void by_mknod(void) { done("mknod", call(SYS_mknod, path, S_IFIFO | 0600, 0)); made("FIFO"); }
static void by_mknodat(void) { done("mknodat", call(SYS_mknodat, fd_dir, name, S_IFREG | 0600, 0)); made("file"); }

static struct sockaddr_un address(const char *p, socklen_t *size)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strncpy(a.sun_path, p, sizeof a.sun_path - 1);
	*size = offsetof(struct sockaddr_un, sun_path) + strlen(p);
	return a;
}
static void by_bind(void)
{
	socklen_t size;
	struct sockaddr_un a = address(name, &size); // relative: the path may be too long
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	done("fchdir", fchdir(fd_dir));
	done("bind", call(SYS_bind, s, &a, size));
	close(s);
	done("chdir", chdir("/"));
	made("socket");
}
static void by_link(void) { done("link", call(SYS_link, there, path)); made("hard link"); }
static void by_linkat(void) { done("linkat", call(SYS_linkat, AT_FDCWD, there, fd_dir, name, 0)); made("hard link"); }
static void by_symlink(void) { done("symlink", call(SYS_symlink, "nowhere", path)); made("symlink"); }
static void by_symlinkat(void) { done("symlinkat", call(SYS_symlinkat, "nowhere", fd_dir, name)); made("symlink"); }

static void to_rename(void)
{
	sprintf(source, "%s/source", outside);
	close(done("source", open(source, O_CREAT | O_WRONLY, 0600)));
}
static void by_rename(void) { to_rename(); done("rename", call(SYS_rename, source, path)); made("rename"); }
static void by_renameat(void) { to_rename(); done("renameat", call(SYS_renameat, AT_FDCWD, source, fd_dir, name)); made("rename"); }
static void by_renameat2(void) { to_rename(); done("renameat2", call(SYS_renameat2, AT_FDCWD, source, fd_dir, name, 1)); made("rename"); }

static void by_tmpfile(void)
{
	char self[64];
	int fd = done("O_TMPFILE", open(dir, O_TMPFILE | O_WRONLY, 0600));
	printf("unnamed file\t%s\n", dir);
	sprintf(self, "/proc/self/fd/%d", fd);
	done("linkat", linkat(AT_FDCWD, self, fd_dir, name, AT_SYMLINK_FOLLOW));
	close(fd);
	made("hard link");
}
static void by_proc(void)
{
	char p[PATH_MAX];
	sprintf(p, number / 7 % 2 ? "/proc/self/fd/%d/%s" : "/dev/fd/%d/%s", fd_dir, name);
	file("open in /proc/self/fd", open(p, O_CREAT | O_WRONLY, 0600));
}
static void by_dangling(void)
{
	char p[PATH_MAX];
	sprintf(p, "%s/link", outside);
	unlink(p);
	done("symlink", symlink(path, p));
	file("open of a symlink", open(p, O_CREAT | O_WRONLY, 0600));
}
static void by_linked(void)
{
	char p[2 * PATH_MAX];
	sprintf(p, "%s/dirlink/../%s/./%s", outside, strrchr(dir, '/') + 1, name);
	file("open by a linked directory", open(p, O_CREAT | O_WRONLY, 0600));
}

// A child that is gone at once, with what it has made.
static void by_child(void)
{
	pid_t child = done("fork", fork());
	if (!child) {
		int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
		_exit(fd < 0 || unlink(path));
	}
	int status;
	done("wait", waitpid(child, &status, 0));
	if (status)
		failed("child");
	made("file");
}

// A thread with a working directory of its own.
static int threaded(void *unused)
{
	(void)unused;
	return unshare(CLONE_FS) || fchdir(fd_dir) || close(open(name, O_CREAT | O_WRONLY, 0600));
}
static void by_thread(void)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	int status;
	pid_t t = done("clone", clone(threaded, stack + sizeof stack, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD, NULL));
	done("wait", waitpid(t, &status, 0));
	if (status)
		failed("thread");
	made("file");
}
static void by_chroot_like(void) // a root of its own, where that is allowed
{
	pid_t child = done("fork", fork());
	if (!child) {
		char p[80];
		sprintf(p, "/%s", name);
		if (chroot(dir))
			_exit(2);
		_exit(close(open(p, O_CREAT | O_WRONLY, 0600)) != 0);
	}
	int status;
	done("wait", waitpid(child, &status, 0));
	if (status == 0)
		made("file");
}

#ifdef __x86_64__
// x32 has the numbers of 64 bits with a bit more. A kernel without them refuses it.
static int has_x32(void) { return syscall(0x40000000 | SYS_getpid) > 0; }

// The calls of i386, from a program of 64 bits: all pointers are below 4 GiB (-no-pie).
static long call32(long nr, long a, long b, long c)
{
	long r;
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(nr), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
	errno = r < 0 ? -(int)r : 0;
	return (int)r;
}
static int no32(long r) { return r < 0 && errno == ENOSYS; }

// Where the kernel has no such calls, they are a fault.
static int has32(void)
{
	int status;
	pid_t child = done("fork", fork());
	if (!child)
		_exit(call32(20, 0, 0, 0) < 0); // getpid
	done("wait", waitpid(child, &status, 0));
	return status == 0;
}
static void by_open32(void)
{
	long r = call32(5, (long)path, O_CREAT | O_WRONLY, 0600);
	if (!no32(r))
		file("open of i386", r);
}
static void by_mkdir32(void)
{
	long r = call32(39, (long)path, 0700, 0);
	if (!no32(r)) {
		done("mkdir of i386", r);
		made("directory");
	}
}
static void by_socketcall(void)
{
	static struct sockaddr_un a;
	static unsigned args[3];
	socklen_t size;
	a = address(name, &size);
	args[0] = socket(AF_UNIX, SOCK_STREAM, 0);
	args[1] = (unsigned)(long)&a;
	args[2] = size;
	done("fchdir", fchdir(fd_dir));
	long r = call32(102, 2, (long)args, 0);
	done("chdir", chdir("/"));
	close(args[0]);
	if (!no32(r)) {
		done("socketcall of i386", r);
		made("socket");
	}
}
#endif

// What makes nothing there.
static void nothing(void)
{
	char p[2 * PATH_MAX];
	close(open(there, O_CREAT | O_WRONLY, 0600));
	close(open(there, O_RDONLY));
	if (open(there, O_CREAT | O_EXCL, 0600) >= 0 || mkdir(there, 0700) == 0 || symlink("x", there) == 0 || mknod(there, S_IFIFO, 0) == 0 || link(there, there) == 0)
		errx(1, "it was to fail");
	sprintf(p, "%s/missing/x", dir);
	if (open(p, O_CREAT, 0600) >= 0 || mkdir(p, 0700) == 0 || rename(p, path) == 0)
		errx(1, "it was to fail");
	if (call(SYS_open, (void *)8, O_CREAT, 0600) >= 0 || call(SYS_mkdir, (void *)-8, 0) >= 0 || call(SYS_openat2, fd_dir, name, (void *)8, 24) >= 0)
		errx(1, "it was to fail");
	if (call(SYS_openat, 999, name, O_CREAT, 0600) >= 0 || open("", O_CREAT, 0600) >= 0 || open(dir, O_CREAT, 0600) >= 0)
		errx(1, "it was to fail");
	sprintf(p, "%s/x", outside);
	close(done("outside", open(p, O_CREAT | O_WRONLY, 0600)));
	sprintf(p, "%s/../%s/y", dir, strrchr(outside, '/') + 1);
	close(done("outside", open(p, O_CREAT | O_WRONLY, 0600)));
	struct sockaddr_un a = {.sun_family = AF_UNIX}; // abstract
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	done("bind", bind(s, (void *)&a, sizeof(sa_family_t)));
	close(s);
}

static void (*const ways[])(void) = {
	by_open, by_creat, by_openat, by_openat2, by_mkdir, by_mkdirat, by_mknod, by_mknodat, by_bind, by_link, by_linkat, by_symlink,
	by_symlinkat, by_rename, by_renameat, by_renameat2, by_tmpfile, by_proc, by_dangling, by_linked, by_child, by_thread, by_chroot_like,
#ifdef __x86_64__
	by_open32, by_mkdir32, by_socketcall,
#endif
};

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	strcpy(dir, argv[1]);
	strcpy(outside, argv[2]);
	umask(022);
	fd_dir = done("open", open(dir, O_RDONLY | O_DIRECTORY));
	sprintf(there, "%s/there", outside);
	close(done("open", open(there, O_CREAT | O_WRONLY, 0600)));
	sprintf(path, "%s/dirlink", outside);
	done("symlink", symlink(dir, path));
	int count = atoi(argv[3]), all = sizeof ways / sizeof *ways;
#ifdef __x86_64__
	if (!has32()) {
		fprintf(stderr, "no calls of i386\n");
		all -= 3;
	}
#endif
	int also_x32 = 0;
#ifdef __x86_64__
	if (!(also_x32 = has_x32()))
		fprintf(stderr, "the kernel refuses the calls of x32\n");
#endif
	for (number = 0; number < count; number++) {
		sprintf(name, "made%d", number);
		sprintf(path, "%s/%s", dir, name);
		x32 = also_x32 && number / all % 2 ? 0x40000000 : 0;
		ways[number % all]();
		fflush(stdout);
		if (number % all == 0)
			nothing();
	}
	return 0;
}
