#include "probe.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <asm/termbits.h>
#include <unistd.h>

void see_identity(void)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;
	static gid_t groups[1 << 16]; /* the stack may be small */
	getresuid(&ruid, &euid, &suid);
	getresgid(&rgid, &egid, &sgid);
	fact("uid", "real %d, effective %d, saved %d, file system %d", ruid, euid, suid, setfsuid(-1));
	fact("gid", "real %d, effective %d, saved %d, file system %d", rgid, egid, sgid, setfsgid(-1));
	int n = getgroups(1 << 16, groups);
	fact("groups", "%d", n);
	for (int i = 0; i < n; i++)
		fact("group", "%d", groups[i]);
	fact("process group", "%s", role(getpgrp()));
	fact("session", "%s", role(getsid(0)));
}

/* Each child, without taking its end from the shell; then the ends. */
void see_relations(void)
{
	siginfo_t info;
	int status;
	memset(&info, 0, sizeof info);
	if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT))
		unknown("children");
	else
		fact("children", "%s", info.si_pid ? "one has ended" : "running");
	while (waitpid(-1, &status, WNOHANG) > 0)
		fact("child", "status %#x", status);
}

void see_terminal(void)
{
	struct termios t;
	struct winsize w;
	char key[32];
	int number;
	for (int fd = 0; fd < 3; fd++) {
		snprintf(key, sizeof key, "terminal on %d", fd);
		if (ioctl(fd, TCGETS, &t)) {
			unknown(key);
			continue;
		}
		fact(key, "input %o, output %o, control %o, local %o, line %d", t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag, t.c_line);
		for (int i = 0; i < NCCS; i++)
			fact(key, "character %d is %d", i, t.c_cc[i]);
		if (!ioctl(fd, TIOCGWINSZ, &w))
			fact(key, "%d rows, %d columns, %d by %d", w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
		if (ioctl(fd, TIOCGPGRP, &number))
			unknown(key);
		else
			fact(key, "foreground group %s", role(number));
		if (ioctl(fd, TIOCGSID, &number))
			unknown(key);
		else
			fact(key, "session %s", role(number));
	}
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		unknown("controlling terminal");
	else
		fact("controlling terminal", "there is one");
	close(fd);
}
