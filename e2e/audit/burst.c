// burst makes COUNT names in DIRECTORY as fast as it can, and removes each: burst
// DIRECTORY COUNT.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc != 3 || chdir(argv[1]))
		return 2;
	for (int i = 0, count = atoi(argv[2]); i < count; i++) {
		char name[32];
		snprintf(name, sizeof name, "burst%d", i);
		if (symlink("x", name) || unlink(name))
			return 1;
	}
	return 0;
}
