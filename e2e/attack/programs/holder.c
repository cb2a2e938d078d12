// holder keeps the kernel waiting: holder MOUNTPOINT DIR [waiting]. It has the names in
// DIR written to memory that is a file of its own FUSE server, which never says what is
// in there, and holds the lock of DIR all the time. With a third argument, somebody also
// waits to change DIR, and from then on nobody reads it. DIR may be "-", which is the
// standard input. It prints a line when it has begun.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <signal.h>
#include <unistd.h>

#define SIZE (1 << 20)

static int fuse, dir, asked[2];
static volatile pid_t waiter;

static int mounted(const char *at)
{
	int s[2], fd = -1;
	char c, number[16], control[CMSG_SPACE(sizeof fd)];
	struct iovec io = {&c, 1};
	struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, s) != 0)
		return -1;
	if (fork() == 0) {
		snprintf(number, sizeof number, "%d", s[1]);
		setenv("_FUSE_COMMFD", number, 1);
		execl("/usr/bin/fusermount3", "fusermount3", "--", at, (char *)NULL);
		_exit(127);
	}
	close(s[1]);
	if (recvmsg(s[0], &m, 0) > 0 && CMSG_FIRSTHDR(&m) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
	return fd;
}

static void reply(const struct fuse_in_header *to, int error, const void *data, size_t n)
{
	char buf[4096];
	struct fuse_out_header h = {.len = sizeof h + n, .error = error, .unique = to->unique};
	memcpy(buf, &h, sizeof h);
	if (n > 0)
		memcpy(buf + sizeof h, data, n);
	if (write(fuse, buf, h.len) < 0 && errno != ENOENT)
		perror("fuse");
}

static void serve(void)
{
	static char in[1 << 18];
	struct fuse_in_header *h = (void *)in;
	while (read(fuse, in, sizeof in) > 0) {
		uint64_t ino = h->opcode == FUSE_LOOKUP ? 2 : h->nodeid;
		struct fuse_attr a = {.ino = ino, .size = SIZE, .mode = ino == 1 ? S_IFDIR | 0700 : S_IFREG | 0600, .nlink = 1, .uid = getuid(), .gid = getgid()};
		struct fuse_init_out init = {.major = 7, .minor = 31, .max_write = 4096};
		struct fuse_attr_out attr = {.attr_valid = 1000, .attr = a};
		struct fuse_entry_out entry = {.nodeid = ino, .entry_valid = 1000, .attr_valid = 1000, .attr = a};
		struct fuse_open_out opened = {0};
		switch (h->opcode) {
		case FUSE_INIT: reply(h, 0, &init, sizeof init); break;
		case FUSE_GETATTR: reply(h, 0, &attr, sizeof attr); break;
		case FUSE_LOOKUP: reply(h, 0, &entry, sizeof entry); break;
		case FUSE_OPEN: reply(h, 0, &opened, sizeof opened); break;
		case FUSE_READ:
			if (write(asked[1], "", 1) != 1)
				return;
			break; // there is no answer
		case FUSE_FORGET: break;
		default: reply(h, -ENOSYS, NULL, 0);
		}
	}
}

static void *wait_for_it(void *unused)
{
	waiter = gettid();
	fchmod(dir, 0700);
	return unused;
}

static void *tell(void *waits)
{
	char c, name[64], text[256] = "";
	pthread_t t;
	if (read(asked[0], &c, 1) != 1)
		return NULL;
	if (waits != NULL) {
		pthread_create(&t, NULL, wait_for_it, NULL);
		while (strstr(text, ") D ") == NULL) {
			snprintf(name, sizeof name, "/proc/self/task/%d/stat", waiter);
			int fd = open(name, O_RDONLY);
			if (fd < 0 || read(fd, text, sizeof text - 1) < 0)
				text[0] = 0;
			close(fd);
		}
	}
	printf("\n");
	fflush(stdout);
	return NULL;
}

int main(int argc, char **argv)
{
	char path[4096];
	pthread_t t;
	if (argc < 3 || pipe(asked) != 0 || (fuse = mounted(argv[1])) < 0)
		return 1;
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve();
		return 0;
	}
	close(fuse);
	snprintf(path, sizeof path, "%s/f", argv[1]);
	int f = open(path, O_RDWR);
	void *page = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, f, 0);
	dir = strcmp(argv[2], "-") == 0 ? 0 : open(argv[2], O_RDONLY | O_DIRECTORY);
	if (f < 0 || page == MAP_FAILED || dir < 0) {
		perror(argv[2]);
		return 1;
	}
	pthread_create(&t, NULL, tell, argc > 3 ? argv[3] : NULL);
	syscall(SYS_getdents64, dir, page, SIZE);
	pause();
	return 0;
}
