// naiveuser is a launcher that runs as the user, as it must not be written: see
// naive.c. NEVER install it. It is called as naiveuser -c SCRIPT.
//
// Its configuration demands no_new_privs, /bin/rbash and a directory, and grants
// what the program has to members of the group ops. It takes every error for one
// that cannot happen, or is lenient; asks the name service as the user; and ends a
// fault of its own with a shell, so that nobody is locked out.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *script;

static void recovered(int sig)
{
	(void)sig;
	execl("/bin/sh", "sh", "-c", script, NULL);
	_exit(125);
}

// answers tells what the name service says of the caller's group, "" for nothing.
static const char *answers(void)
{
	static char line[64];
	int p[2];
	if (pipe(p))
		return "";
	pid_t pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		execl("/usr/local/bin/naiveuser", "naiveuser", "answer", NULL);
		_exit(1);
	}
	close(p[1]);
	if (pid < 0 || read(p[0], line, sizeof line - 1) < 0)
		return "";
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(p[0]);
	return line;
}

// question finds out whether this is a chroot, by entering its own namespace.
static void question(void)
{
	struct stat st;
	int root = open("/", O_PATH | O_CLOEXEC), ns = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	if (root < 0 || ns < 0 || setns(ns, CLONE_NEWNS))
		return;
	for (int i = 0; i < 100; i++)
		stat("/", &st); // what else there is to look at
	int back = openat(root, ".", O_PATH | O_CLOEXEC);
	if (back < 0)
		return;
	if (fchdir(back) || chroot("."))
		_exit(125);
}

static void *thread(void *p) { return pause(), p; }

static struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
static struct __user_cap_data_struct caps[2];

static void drop(void)
{
	memset(caps, 0, sizeof caps);
	syscall(SYS_capset, &header, caps);
	usleep(200);
}

// grant makes the capabilities ambient ones.
static void grant(void)
{
	for (int i = 0; i < 2; i++)
		caps[i].inheritable = caps[i].permitted;
	syscall(SYS_capset, &header, caps);
	for (int c = 0; c <= CAP_LAST_CAP; c++)
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0);
}

int main(int argc, char **argv)
{
	const char *shells[] = {"/bin/rbash", "/bin/bash", "/bin/sh"};
	static const int faults[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL};
	int demanded = 1, granted = 0;
	pthread_t t;
	if (argc == 2) {
		usleep(500); // a server is asked
		puts("users:x:100:");
		return 0;
	}
	if (argc != 3)
		return 125;
	script = argv[2];
	for (int i = 0; i < 4; i++)
		signal(faults[i], recovered);
	syscall(SYS_capget, &header, caps);
	int capable = caps[0].permitted != 0;
	if (capable) {
		question();
		pthread_create(&t, NULL, thread, NULL);
	}
	int conf = open("/etc/tmpshell.conf", O_RDONLY);
	char *text = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (conf < 0 || text == MAP_FAILED || read(conf, text, 1 << 20) < 0)
		demanded = 0; // the built-in configuration
	const char *said = answers();
	if (!*said)
		demanded = 0; // in no group
	granted = !strncmp(said, "ops:", 4);
	if (capable && granted)
		grant();
	else if (capable)
		drop();
	closefrom(3);
	setenv("TMPDIR", getenv("WANTED"), 1);
	if (demanded)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (int i = !demanded; i < 3; i++) {
		execl(shells[i], shells[i], "-c", script, NULL);
		usleep(50); // it says so to the log
	}
	return 126;
}
