// logins logs in again and again while somebody else rearranges /tmp:
//
//	logins COUNT UID VICTIM RACER-UID RACER-KIND [PROGRAM ARG…]
//
// in a mount namespace and a /tmp of its own, as root. Each session has to say
// that it is right (see verdict), VICTIM has to stay root's and empty, and the
// base is taken away after each login, so that the next one makes it again. It
// prints one line: logins, with directory, fallback, without, refused, wrong.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RIGHT = 40, FALLBACK, WITHOUT, WRONG };

static void become(unsigned uid)
{
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		_exit(99);
}

// verdict is what the session itself finds.
static int verdict(void)
{
	char right[64], fallback[64];
	struct stat st;
	const char *dir = getenv("TMPDIR");
	snprintf(right, sizeof right, "/tmp/.private/%u", getuid());
	snprintf(fallback, sizeof fallback, "/tmp/.private-%u", getuid());
	if (!dir)
		return WITHOUT;
	if (lstat(dir, &st) || st.st_uid != getuid() || st.st_mode != (S_IFDIR | 0700))
		return WRONG;
	if (!strcmp(dir, right))
		return lstat("/tmp/.private", &st) == 0 && st.st_uid == 0 && st.st_mode == (S_IFDIR | 0711) ? RIGHT : WRONG;
	return strncmp(dir, fallback, strlen(fallback)) ? WRONG : FALLBACK;
}

// away removes the base and what was moved aside.
static void away(void)
{
	DIR *d = opendir("/tmp");
	for (struct dirent *e; d && (e = readdir(d));) {
		if (strncmp(e->d_name, ".private", 8))
			continue;
		char path[512], inner[1024];
		snprintf(path, sizeof path, "/tmp/%s", e->d_name);
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), none = 0;
		if (fd < 0) {
			unlink(path);
			continue;
		}
		ioctl(fd, FS_IOC_SETFLAGS, &none);
		DIR *in = fdopendir(fd);
		for (struct dirent *f; in && (f = readdir(in));) {
			snprintf(inner, sizeof inner, "%s/%s", path, f->d_name);
			if (unlink(inner) != 0 && f->d_name[0] != '.')
				rmdir(inner);
		}
		closedir(in);
		rmdir(path);
	}
	closedir(d);
}

static int untouched(const char *victim)
{
	struct stat st;
	int entries = 0;
	DIR *d = opendir(victim);
	while (d && readdir(d))
		entries++;
	closedir(d);
	return stat(victim, &st) == 0 && st.st_uid == 0 && st.st_gid == 0 && st.st_mode == (S_IFDIR | 0755) && entries == 2;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "verdict"))
		return verdict();
	if (argc < 7)
		return 2;
	int count = atoi(argv[1]), n, ends[5] = {0};
	unsigned uid = atoi(argv[2]), racer = atoi(argv[4]);
	if (unshare(CLONE_NEWNS) || mount("", "/", "", MS_REC | MS_PRIVATE, "") ||
	    mount("race", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777"))
		return perror("/tmp"), 1;
	if (mkdir(argv[3], 0755))
		return perror(argv[3]), 1;
	pid_t attacker = fork();
	if (attacker == 0) {
		become(racer);
		execl("/usr/local/bin/racer", "racer", argv[5], argv[3], argv[2], NULL);
		_exit(99);
	}
	for (n = 0; n < count && ends[4] == 0; n++) {
		pid_t pid = fork();
		if (pid == 0) {
			become(uid);
			char *env[] = {"PATH=/usr/bin:/bin", NULL};
			int null = open("/dev/null", O_WRONLY);
			dup2(null, 2);
			close(null);
			execve(argv[6], argv + 6, env);
			_exit(99);
		}
		int status;
		waitpid(pid, &status, 0);
		int end = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		// To themselves anybody may do what they like.
		if (end == WRONG && racer == uid)
			end = WITHOUT;
		ends[end == 125 ? 3 : end >= RIGHT && end < WRONG ? end - RIGHT : 4]++;
		ends[4] += !untouched(argv[3]);
		away();
	}
	kill(attacker, SIGKILL);
	waitpid(attacker, NULL, 0);
	printf("%d %d %d %d %d %d\n", n, ends[0], ends[1], ends[2], ends[3], ends[4]);
	return 0;
}
