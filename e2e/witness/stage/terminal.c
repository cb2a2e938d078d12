#include "stage.h"
#include <asm/termbits.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

static void session(char *o) { (void)o; MUST(setsid()); }

static void group(char *o) { (void)o; MUST(setpgid(0, 0)); }

/* MASTER: a new terminal on descriptors 0 to 2, its other end on MASTER; the
 * controlling one if the process leads a session. */
static void terminal(char *o)
{
	int master = number(&o), unlock = 0, index;
	char path[32];
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	MUST(fd);
	MUST(dup2(fd, master));
	MUST(close(fd));
	MUST(ioctl(master, TIOCSPTLCK, &unlock));
	MUST(ioctl(master, TIOCGPTN, &index));
	snprintf(path, sizeof path, "/dev/pts/%d", index);
	fd = open(path, O_RDWR | (getsid(0) == getpid() ? 0 : O_NOCTTY));
	MUST(fd);
	for (int to = 0; to < 3; to++)
		MUST(dup2(fd, to));
	if (fd > 2)
		MUST(close(fd));
}

static void size(char *o) /* ROWS:COLUMNS:WIDTH:HEIGHT */
{
	struct winsize w;
	w.ws_row = number(&o), w.ws_col = number(&o), w.ws_xpixel = number(&o), w.ws_ypixel = number(&o);
	MUST(ioctl(0, TIOCSWINSZ, &w));
}

static void raw(char *o) /* and some settings that nobody else would make */
{
	struct termios t;
	(void)o;
	MUST(ioctl(0, TCGETS, &t));
	t.c_iflag = IXOFF | IUTF8, t.c_oflag = ONLCR, t.c_lflag = ECHOK, t.c_cflag |= PARENB | CSTOPB;
	for (int i = 0; i < NCCS; i++)
		t.c_cc[i] = 100 + i;
	MUST(ioctl(0, TCSETS, &t));
}

static void typed(char *o) /* ahead, MASTER:TEXT */
{
	int master = number(&o);
	MUST(write(master, o, strlen(o)));
	MUST(write(master, "\n", 1));
	/* The kernel hands it over, and its echo back, in its own time. */
	for (int there = 0, length = strlen(o) + 1; there < length; )
		MUST(ioctl(0, FIONREAD, &there));
	for (int there = 0, length = strlen(o) + 2; there < length; )
		MUST(ioctl(master, FIONREAD, &there));
}

/* Another process group, of a child that lives as long as this process, is in
 * the foreground. */
static void background(char *o)
{
	int ready[2];
	char c;
	(void)o;
	MUST(pipe(ready));
	pid_t pid = fork();
	MUST(pid);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		signal(SIGTTOU, SIG_IGN);
		pid = getpid();
		if (ioctl(0, TIOCSPGRP, &pid))
			_exit(1);
		for (int fd = 0; fd < 64; fd++)
			close(fd); /* "ready", too */
		for (;;)
			pause();
	}
	MUST(close(ready[1]));
	MUST(read(ready[0], &c, 1));
	MUST(close(ready[0]));
}

static void hangup(char *o) { (void)o; MUST(ioctl(0, TIOCNOTTY)); }

static void packet(char *o) /* MASTER */
{
	int on = 1;
	MUST(ioctl(number(&o), TIOCPKT, &on));
}

const struct step terminal_steps[] = {
	{"session", session}, {"group", group}, {"terminal", terminal}, {"size", size}, {"raw", raw},
	{"typed", typed}, {"background", background}, {"hangup", hangup}, {"packet", packet}, {0},
};
