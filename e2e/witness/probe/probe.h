/*
 * probe says what a process can see of itself, one fact a line, on descriptor
 * 9. It stands at the end of a login in the shell's place. It is C and linked
 * statically, so that nothing has been at work in it before it looks.
 */
#define _GNU_SOURCE
#include <sys/types.h>

/* A line "KEY: VALUE". */
void fact(const char *key, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A string of any bytes, so that it stays on its line. */
void text(const char *key, const char *bytes);

/* An error of the system call that was to tell. */
void unknown(const char *key);

/* A file, as it is. */
void file(const char *path);

/* The contents of a small file, NULL if it cannot be read. */
char *contents(const char *path);

/* A number of a process that differs from one run to the next, by its role. */
const char *role(pid_t pid);

void send_facts(int fd);

/* As the kernel laid them out. */
extern char *environment[];
extern const unsigned long *auxiliary_vector;

void see_arguments(char **argv);
void see_auxiliary(void);
void see_signals(void);
void see_pending(void);
void see_timers(void);
void see_descriptors(void);
void see_directories(void);
void see_identity(void);
void see_relations(void);
void see_terminal(void);
void see_limits(void);
void see_scheduling(void);
void see_capabilities(void);
void see_attributes(void);
void see_status(void);
void see_files(void);
void see_cost(void);
