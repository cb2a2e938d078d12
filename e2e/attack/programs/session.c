// session stands at the end of a login and says what it has: one line
// "key value" for each thing that an attack could have changed.
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void say_stat(const char *key, const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		printf("%s missing\n", key);
	else
		printf("%s %u %o %lx:%lu\n", key, st.st_uid, st.st_mode, st.st_dev, st.st_ino);
}

int main(int argc, char **argv)
{
	(void)argv;
	const char *dir = getenv("TMPDIR");
	printf("uid %u %u\n", getuid(), geteuid());
	// Three for the shell itself, one for what a shell has executed.
	printf("arguments %d\n", argc);
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	if (dir) {
		printf("TMPDIR %s\n", dir);
		say_stat("directory", dir);
	}
	say_stat("tmp", "/tmp");
	char ns[64] = "";
	if (readlink("/proc/self/ns/mnt", ns, sizeof ns - 1) > 0)
		printf("namespace %s\n", ns);

	// Of the bounding set nobody gains anything.
	char line[256];
	FILE *status = fopen("/proc/self/status", "re");
	while (status && fgets(line, sizeof line, status))
		if (!strncmp(line, "Cap", 3) && strncmp(line, "CapBnd", 6))
			printf("capabilities %s", line);

	DIR *fds = opendir("/proc/self/fd");
	struct dirent *e;
	while (fds && (e = readdir(fds))) {
		int fd = atoi(e->d_name);
		char target[256] = "";
		if (fd < 3 || fd == dirfd(fds) || (status && fd == fileno(status)))
			continue;
		if (readlinkat(dirfd(fds), e->d_name, target, sizeof target - 1) > 0)
			printf("descriptor %d %s\n", fd, target);
	}
	return 0;
}
