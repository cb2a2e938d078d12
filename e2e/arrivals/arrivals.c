// arrivals logs users in who have never been here, one after the other, in several loops at
// once, until its input ends:
//
//	arrivals LOOPS FIRST-UID env|mount
//
// as root. Each user logs in twice: the first time the directory is missing, the second
// time it is there. The session leaves a file, and where that is tells which directory it
// had. It prints '.' for a login with its private directory, and a line for any other.
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SCRIPT "echo $TMPDIR && : >$TMPDIR/$1"

static void become_user(unsigned uid, const char *file, int out)
{
	char *args[] = {"tmpshell", "-c", SCRIPT, "sh", (char *)file, NULL};
	char *env[] = {"HOME=/", "PATH=/usr/bin:/bin", NULL};
	if (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) || setsid() < 0 ||
	    dup2(out, 1) < 0 || dup2(out, 2) < 0 || chdir("/"))
		_exit(99);
	execve("/usr/bin/tmpshell", args, env);
	_exit(98);
}

static int is(const char *path, unsigned uid, unsigned mode)
{
	struct stat st;
	return lstat(path, &st) == 0 && st.st_uid == uid && (mode == 0 || st.st_mode == mode);
}

// has_its_own: the directory is as it must be, and the session's file is in it and
// nowhere else.
static int has_its_own(unsigned uid, const char *file, int mounted)
{
	char dir[64], inside[128], shared[64];
	struct stat st;
	snprintf(dir, sizeof dir, mounted ? "/var/lib/tmpshell/%u/tmp" : "/tmp/.private/%u", uid);
	snprintf(inside, sizeof inside, "%s/%s", dir, file);
	snprintf(shared, sizeof shared, "/tmp/%s", file);
	return is(dir, mounted ? 0 : uid, S_IFDIR | (mounted ? 01777 : 0700)) && is(inside, uid, 0) && lstat(shared, &st) != 0;
}

static void login(unsigned uid, int turn, int mounted)
{
	char file[32], said[512], want[64];
	int ends[2], status = -1, n = 0;
	snprintf(file, sizeof file, "was-here-%u-%d", uid, turn);
	if (pipe2(ends, O_CLOEXEC))
		exit(1);
	pid_t pid = fork();
	if (pid == 0)
		become_user(uid, file, ends[1]);
	close(ends[1]);
	for (int got; n < (int)sizeof said - 1 && (got = read(ends[0], said + n, sizeof said - 1 - n)) > 0;)
		n += got;
	close(ends[0]);
	said[n] = 0;
	waitpid(pid, &status, 0);
	if (mounted)
		strcpy(want, "/tmp\n");
	else
		snprintf(want, sizeof want, "/tmp/.private/%u\n", uid);
	char line[800] = ".";
	if (status != 0 || strcmp(said, want) || !has_its_own(uid, file, mounted)) {
		for (int i = 0; said[i]; i++)
			if (said[i] == '\n')
				said[i] = ' ';
		snprintf(line, sizeof line, "login %d of %u: status %#x, it said: %s\n", turn, uid, status, said);
	}
	if (write(1, line, strlen(line)) < 0)
		exit(1);
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	unsigned loops = atoi(argv[1]), first = atoi(argv[2]);
	int mounted = !strcmp(argv[3], "mount");
	volatile int *end = mmap(NULL, sizeof *end, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0; i < loops; i++) {
		if (fork() != 0)
			continue;
		for (unsigned uid = first + i; !*end; uid += loops)
			for (int turn = 1; turn <= 2; turn++)
				login(uid, turn, mounted);
		return 0;
	}
	char byte;
	while (read(0, &byte, 1) > 0)
		;
	*end = 1;
	int status, bad = 0;
	while (wait(&status) > 0)
		bad |= status != 0;
	return bad;
}
