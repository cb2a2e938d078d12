#include "stage.h"
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void put_at(int from, int to)
{
	MUST(from);
	if (from != to) {
		MUST(dup2(from, to));
		MUST(close(from));
	}
}

/* By way of high numbers, below the usual limit of 1024: one's place may be where the other is. */
static void put_both(const int ends[2], int first, int second)
{
	int high[2];
	for (int i = 0; i < 2; i++) {
		high[i] = fcntl(ends[i], F_DUPFD, 900);
		MUST(high[i]);
		MUST(close(ends[i]));
	}
	put_at(high[0], first);
	put_at(high[1], second);
}

static void do_close(char *o) { MUST(close(number(&o))); }

static void do_open(char *o) /* FD:FLAGS:PATH */
{
	int to = number(&o), flags = number(&o);
	put_at(open(o, flags | O_NOCTTY, 0666), to);
}

static void copy(char *o) /* FROM:TO */
{
	int from = number(&o), to = number(&o);
	MUST(dup2(from, to));
}

static void seek(char *o) /* FD:OFFSET */
{
	int fd = number(&o);
	MUST(lseek(fd, number(&o), SEEK_SET));
}

static void flags(char *o) /* FD:FLAGS, of fcntl F_SETFL */
{
	int fd = number(&o);
	MUST(fcntl(fd, F_SETFL, number(&o)));
}

static void do_pipe(char *o) /* READ:WRITE:TEXT waiting in it */
{
	int ends[2], to = number(&o), from = number(&o);
	MUST(pipe(ends));
	put_both(ends, to, from);
	MUST(write(from, o, strlen(o)));
}

static void do_socket(char *o) /* FD:FD, a pair */
{
	int ends[2], a = number(&o), b = number(&o);
	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	put_both(ends, a, b);
}

static void event(char *o) { put_at(eventfd(5, 0), number(&o)); }

static void sealed(char *o)
{
	int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
	MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_WRITE));
	put_at(fd, number(&o));
}

static void own(char *o) /* FD:SIGNAL: input and output signal this process */
{
	int fd = number(&o);
	MUST(fcntl(fd, F_SETOWN, getpid()));
	MUST(fcntl(fd, F_SETSIG, number(&o)));
}

static void record(char *o) /* FD: fcntl's kind of lock */
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	MUST(fcntl(number(&o), F_SETLK, &l));
}

static void description(char *o) /* FD: open file description lock */
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	MUST(fcntl(number(&o), F_OFD_SETLK, &l));
}

static void whole(char *o) { MUST(flock(number(&o), LOCK_EX)); }

static void lease(char *o) { MUST(fcntl(number(&o), F_SETLEASE, F_RDLCK)); }

static void do_umask(char *o) { umask(number(&o)); }
static void do_chdir(char *o) { MUST(chdir(o)); }
static void do_chroot(char *o) { MUST(chroot(o)); }
static void mode(char *o) /* MODE:PATH */
{
	int to = number(&o);
	MUST(chmod(o, to));
}

static void gone(char *o) /* a working directory that is removed again */
{
	MUST(mkdir(o, 0755));
	MUST(chdir(o));
	MUST(rmdir(o));
}

const struct step file_steps[] = {
	{"close", do_close}, {"open", do_open}, {"copy", copy}, {"seek", seek}, {"flags", flags}, {"pipe", do_pipe},
	{"socket", do_socket}, {"event", event}, {"sealed", sealed}, {"own", own}, {"record", record},
	{"description", description}, {"flock", whole}, {"lease", lease}, {"umask", do_umask}, {"chdir", do_chdir},
	{"chroot", do_chroot}, {"mode", mode}, {"gone", gone}, {0},
};
