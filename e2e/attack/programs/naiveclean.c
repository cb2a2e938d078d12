// naiveclean is a cleaner as one writes it: it looks whether the user has a
// process, and removes by path, as root. naiveclean UID DIR.
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void empty(const char *dir)
{
	char path[PATH_MAX];
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(dir); // follows a link that was not there before
	if (!d)
		return;
	while ((e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		if (lstat(path, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode)) {
			empty(path);
			rmdir(path);
		} else {
			unlink(path);
		}
	}
	closedir(d);
}

static void empty_here(void)
{
	struct dirent *e;
	struct stat st;
	DIR *d = opendir(".");
	if (!d)
		return;
	while ((e = readdir(d)) != NULL) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || lstat(e->d_name, &st) != 0)
			continue;
		if (S_ISDIR(st.st_mode) && chdir(e->d_name) == 0) {
			empty_here();
			if (chdir("..") != 0) // wherever that is now
				return;
			rmdir(e->d_name);
		} else {
			unlink(e->d_name);
		}
	}
	closedir(d);
}

int main(int argc, char **argv)
{
	char command[128];
	if (argc < 3)
		return 2;
	snprintf(command, sizeof command, "for p in /proc/[0-9]*; do [ \"$(stat -c %%u $p)\" != %s ] || exit 0; done 2>/dev/null; exit 1", argv[1]);
	if (system(command) == 0)
		return 0;
	if (argc == 3)
		empty(argv[2]);
	else if (chdir(argv[2]) == 0)
		empty_here();
	rmdir(argv[2]);
	return 0;
}
