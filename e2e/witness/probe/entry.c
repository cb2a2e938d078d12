#include "probe.h"

/*
 * The program's entry point (-Wl,-e,before_libc): after a privileged exec libc
 * takes TMPDIR and others out of the environment, where it stands.
 */
#if defined __x86_64__
__asm__(".globl before_libc\nbefore_libc:\n\tmov %rsp, %rdi\n\tcall keep\n\txor %edx, %edx\n\tjmp _start\n");
#elif defined __aarch64__
__asm__(".globl before_libc\nbefore_libc:\n\tmov x0, sp\n\tbl keep\n\tmov x0, #0\n\tb _start\n");
#endif

enum { MOST = 1 << 16 };
char *environment[MOST + 1];
const unsigned long *auxiliary_vector;

/* The stack holds argc, argv, environment and auxiliary vector. */
__attribute__((used)) void keep(const unsigned long *stack)
{
	const unsigned long *at = stack + 1 + *stack + 1;
	for (int i = 0; *at; at++)
		if (i < MOST)
			environment[i++] = (char *)*at;
	auxiliary_vector = at + 1;
}
