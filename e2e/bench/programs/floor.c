// floor PATH VARIABLE… -- PROGRAM ARG…: the least that a program in C can do in
// the place of tmpshell: look at a directory and what it is in, set variables,
// execute the shell. Linked statically.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct stat st;
	int fd = open("/", O_PATH | O_DIRECTORY), i = 2;
	char path[4096], *rest = path;
	if (argc < 4)
		return 125;
	strncpy(path, argv[1] + 1, sizeof path - 1);
	for (char *name; (name = strsep(&rest, "/"));) {
		int next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
		if (fstat(next, &st))
			return 125;
		close(fd);
		fd = next;
	}
	if (st.st_uid != getuid() || (st.st_mode & 07777) != 0700)
		return 125;
	for (; strcmp(argv[i], "--"); i++)
		setenv(argv[i], argv[1], 1);
	execv(argv[i + 1], argv + i + 1);
	return 126;
}
