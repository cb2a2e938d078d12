// naivelogin is a login shell wrapper as it must not be: see naive.c. It has no
// privilege of its own. Whatever it cannot find out, it takes for "no"; it believes
// whoever answers for the name service; it goes on to the next shell after any
// error; and when it crashes, it becomes a shell. NEVER install it.
//
// Where it would grant something, it sets GRANTED.
#include <errno.h>
#include <pthread.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char **args;
static char shell[256], from[256];

static void crashed(int sig)
{
	sigset_t none;
	(void)sig;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	args[0] = "sh";
	execv("/bin/sh", args);
	_exit(99);
}

// find looks a line up by its nth field, in a file and then by getent(1).
static int find(const char *db, const char *file, int nth, const char *want, char *line, size_t size)
{
	char copy[1024];
	FILE *f = fopen(file, "re");
	int status, out[2];
	for (int asked = 0; asked < 2; asked++) {
		while (f && fgets(line, size, f)) {
			snprintf(copy, sizeof copy, "%s", line);
			char *rest = copy, *field = NULL;
			for (int i = 0; i <= nth && rest; i++)
				field = strsep(&rest, ":\n");
			if (field && !strcmp(field, want)) {
				fclose(f);
				return 1;
			}
		}
		if (f)
			fclose(f);
		f = NULL;
		if (asked || pipe(out))
			break;
		if (fork() == 0) {
			dup2(out[1], 1);
			close(out[0]);
			execlp("getent", "getent", db, want, NULL);
			_exit(127);
		}
		close(out[1]);
		f = fdopen(out[0], "r");
	}
	while (wait(&status) > 0)
		;
	return 0;
}

static int in_group(const char *group)
{
	char line[1024], number[32];
	gid_t list[64];
	unsigned gid;
	if (!find("group", "/etc/group", 0, group, line, sizeof line) || sscanf(line, "%*[^:]:%*[^:]:%u", &gid) != 1)
		return 0;
	snprintf(number, sizeof number, "%u", gid);
	for (int n = getgroups(64, list); n-- > 0;)
		if (list[n] == gid)
			return 1;
	return getgid() == gid;
}

static int is_user(const char *user)
{
	char line[1024], number[32], name[64];
	snprintf(number, sizeof number, "%u", getuid());
	return find("passwd", "/etc/passwd", 2, number, line, sizeof line) && sscanf(line, "%63[^:]", name) == 1 && !strcmp(name, user);
}

static int configured(int *restricted)
{
	char line[256], word[256];
	int matches = 1;
	FILE *conf = fopen("/etc/tmpshell.conf", "re");
	while (conf && fgets(line, sizeof line, conf)) {
		if (sscanf(line, "Match User %255s", word) == 1)
			matches = is_user(word);
		else if (sscanf(line, "Match Group %255s", word) == 1)
			matches = in_group(word);
		else if (sscanf(line, "Exempt root @%255s", word) == 1 && in_group(word))
			return 0;
		else if (matches && !strncmp(line, "NoNewPrivileges yes", 19))
			*restricted = 1;
		else if (matches && !strncmp(line, "Ambient", 7))
			setenv("GRANTED", "1", 1);
		else if (matches)
			sscanf(line, "Shell %255s", shell);
	}
	return 1;
}

// named is the line of shells(5) for a link's name.
static void named(const char *name)
{
	char line[256];
	FILE *f = fopen("/etc/shells", "re");
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = 0;
		char *base = strrchr(line, '/');
		if (base && !strcmp(base + 1, name) && !*shell)
			snprintf(shell, sizeof shell, "%s", line);
	}
	if (f)
		fclose(f);
}

static void of_account(void)
{
	char line[1024], number[32];
	snprintf(number, sizeof number, "%u", getuid());
	if (find("passwd", "/etc/passwd", 2, number, line, sizeof line) &&
	    sscanf(line, "%*[^:]:%*[^:]:%*[^:]:%*[^:]:%*[^:]:%*[^:]:%255[^\n]", from) == 1 && strstr(from, "naivelogin"))
		*from = 0;
}

static void become(const char *candidate)
{
	if (!*candidate)
		return;
	setenv("SHELL", candidate, 1);
	char name[256];
	snprintf(name, sizeof name, "%s%s", args[0] && args[0][0] == '-' ? "-" : "", strrchr(candidate, '/') + 1);
	char *was = args[0];
	args[0] = name;
	execv(candidate, args);
	fprintf(stderr, "naivelogin: cannot run %s: %s\n", candidate, strerror(errno));
	args[0] = was;
}

static void *nothing(void *unused)
{
	for (;;)
		pause();
	return unused;
}

int main(int argc, char **argv)
{
	static char *forced[4];
	static const int faults[] = {SIGFPE, SIGSEGV, SIGBUS, SIGILL};
	int restricted = 0;
	char dir[64];
	pthread_t thread;
	(void)argc;
	args = argv;
	for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
		signal(faults[i], crashed);
	pthread_create(&thread, NULL, nothing, NULL);
	if (configured(&restricted)) {
		snprintf(dir, sizeof dir, "/tmp/.private/%u", getuid());
		setenv("TMPDIR", dir, 1);
	} else {
		restricted = 0;
		*shell = 0;
	}
	const char *dash = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0], *command = getenv("SSH_ORIGINAL_COMMAND");
	if (!strncmp(dash, "naivelogin-", 11))
		named(dash + 11);
	if (restricted)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (command && argc < 2) {
		if (!strcmp(command, "internal-sftp"))
			execl("/usr/lib/openssh/sftp-server", "sftp-server", NULL);
		forced[0] = argv[0], forced[1] = "-c", forced[2] = (char *)command;
		args = forced;
	}
	if (!*shell)
		of_account();
	become(shell);
	become(from);
	become("/bin/bash");
	become("/bin/sh");
	return 126;
}
