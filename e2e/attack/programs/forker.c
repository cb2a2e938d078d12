// forker is always there and never for long: each process makes the next one and
// ends at once, until there is a file /tmp/stop.
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
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
