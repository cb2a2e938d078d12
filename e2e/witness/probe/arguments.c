#include "probe.h"
#include <elf.h>
#include <stdio.h>
#include <unistd.h>

/* As the kernel laid them out: in order, with every entry. */
void see_arguments(char **argv)
{
	char key[32];
	for (int i = 0; argv[i]; i++) {
		snprintf(key, sizeof key, "argument %d", i);
		text(key, argv[i]);
	}
	int n = 0;
	for (; environment[n]; n++)
		text("environment", environment[n]);
	fact("entries of the environment", "%d", n);
}

/* What is not an address. */
void see_auxiliary(void)
{
	static const struct { unsigned long tag; const char *name; } known[] = {
		{AT_SECURE, "secure"}, {AT_UID, "uid"}, {AT_EUID, "euid"}, {AT_GID, "gid"}, {AT_EGID, "egid"},
		{AT_FLAGS, "flags"}, {AT_HWCAP, "hwcap"}, {AT_HWCAP2, "hwcap2"}, {AT_CLKTCK, "clktck"},
		{AT_PAGESZ, "pagesz"}, {AT_PHNUM, "phnum"},
	};
	char key[40];
	for (const Elf64_auxv_t *a = (const void *)auxiliary_vector; a->a_type != AT_NULL; a++) {
		for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
			if (known[i].tag == a->a_type) {
				snprintf(key, sizeof key, "auxiliary vector, %s", known[i].name);
				fact(key, "%#lx", a->a_un.a_val);
			}
		if (a->a_type == AT_EXECFN)
			text("auxiliary vector, execfn", (char *)a->a_un.a_val);
		if (a->a_type == AT_PLATFORM)
			text("auxiliary vector, platform", (char *)a->a_un.a_val);
	}
}
