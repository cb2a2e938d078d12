// burst makes a name in DIRECTORY, and gives it another one, COUNT in all, as fast as it
// can: burst DIRECTORY COUNT. A rename is one system call for each event.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char from[32] = "burst0", to[32];
	if (argc != 3 || chdir(argv[1]) || close(open(from, O_CREAT | O_EXCL | O_WRONLY, 0600)))
		return 2;
	for (int i = 1, count = atoi(argv[2]); i < count; i++) {
		snprintf(to, sizeof to, "burst%d", i);
		if (rename(from, to))
			return 1;
		strcpy(from, to);
	}
	return unlink(from);
}
