#include "stage.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *current;

void fail(const char *what)
{
	dprintf(9, "stage: %s: %s: %s\n", current, what, strerror(errno));
	_exit(99);
}

char *word(char **operand)
{
	char *w = *operand ? strsep(operand, ":") : NULL;
	return w ? w : "";
}

long number(char **operand)
{
	char *w = word(operand);
	return strcmp(w, "inf") ? (long)strtoul(w, NULL, 0) : -1;
}

static int try(const struct step *table, const char *name, char *operand)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name)) {
			table->do_it(operand);
			return 1;
		}
	return 0;
}

int main(int argc, char **argv)
{
	ignore_none(); /* as nohup(1) and others leave it */
	syscall(SYS_close_range, 10, ~0U, 0);
	const struct step *const tables[] = {signal_steps, file_steps, terminal_steps, identity_steps, kernel_steps};
	for (int i = 1; i < argc; i++) {
		current = argv[i];
		if (!strcmp(current, "--") && i + 1 < argc) {
			extern char **environ;
			current = argv[i + 1];
			execve(current, argv + i + 2, environ);
			fail("execve");
		}
		char *operand = strdup(current), *name = strsep(&operand, "=");
		int done = 0;
		for (unsigned t = 0; t < sizeof tables / sizeof *tables && !done; t++)
			done = try(tables[t], name, operand);
		errno = EINVAL;
		if (!done)
			fail("no such step");
	}
	return 98;
}
