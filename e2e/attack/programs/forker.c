// forker is always there and never for long: each process makes the next one and
// ends at once, until there is a file /tmp/stop. With an argument, it stays, and each
// process that it makes has a mount namespace of its own.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void namespaces(void)
{
	for (;;) {
		if (fork() == 0) {
			if (unshare(CLONE_NEWNS) == 0)
				usleep(1000);
			_exit(0);
		}
		wait(NULL);
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		printf("\n");
		fflush(stdout);
		namespaces();
	}
	signal(SIGCHLD, SIG_IGN);
	setsid();
	printf("\n");
	fflush(stdout);
	for (;;) {
		pid_t pid = fork();
		if (pid != 0)
			_exit(0);
		if (access("/tmp/stop", F_OK) == 0)
			return 0;
	}
}
