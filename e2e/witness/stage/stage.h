/*
 * stage sets the state that a program starts in, and executes it:
 *
 *	stage STEP... -- PATH ARGV0 ARGUMENT...
 *
 * A step is NAME or NAME=OPERAND; each file has a table of those that it does.
 * They are done in order. In operands, fields are separated by ':', numbers are
 * C's (0x1f, 017), and signals are a list with ',' or "all".
 */
#define _GNU_SOURCE
#include <stdlib.h>

struct step {
	const char *name;
	void (*do_it)(char *operand);
};

extern const struct step signal_steps[], file_steps[], terminal_steps[], identity_steps[], kernel_steps[];

/* The next field of an operand, and the same as a number; "" and 0 at the end. */
char *word(char **operand);
long number(char **operand);

/* No signal is ignored or blocked. */
void ignore_none(void);

/* What went wrong goes to descriptor 9, where the facts are expected. */
void fail(const char *what);
#define MUST(call) ((long)(call) == -1 ? fail(#call) : (void)0)
