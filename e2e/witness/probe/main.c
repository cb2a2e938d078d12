#include "probe.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * probe [exit STATUS | die SIGNAL | unblock | ANYTHING...]
 *
 * What needs no descriptor comes first: there may be no free one.
 */
int main(int argc, char **argv)
{
	fact("pid", "%d", getpid());
	fact("parent", "%d", getppid());
	fact("argc", "%d", argc);
	see_arguments(argv);
	see_auxiliary();
	see_signals();
	see_timers();
	see_descriptors();
	see_directories();
	see_identity();
	see_limits();
	see_scheduling();
	see_capabilities();
	see_attributes();
	see_cost();
	see_terminal();
	see_status();
	see_files();
	see_relations();
	int unblock = argc == 2 && !strcmp(argv[1], "unblock");
	if (!unblock)
		see_pending();
	send_facts(9);

	if (unblock) {
		unsigned long none = 0;
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
	}
	if (argc == 3 && !strcmp(argv[1], "exit"))
		_exit(atoi(argv[2]));
	if (argc == 3 && !strcmp(argv[1], "die")) {
		int n = atoi(argv[2]);
		unsigned long none = 0, action[4] = {0};
		syscall(SYS_rt_sigaction, n, action, NULL, 8);
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
		syscall(SYS_kill, getpid(), n);
	}
	_exit(0);
}
