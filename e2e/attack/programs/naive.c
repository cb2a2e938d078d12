// naive does what tmpshell does, as it must not be done. It is here to be
// attacked: an attack that does not succeed against it shows nothing when it
// fails against tmpshell. NEVER install it.
//
// Setuid root. It makes /tmp/.private/UID by path, trusts what is there already,
// obeys its arguments, its environment, its umask and a configuration that
// anybody may have written.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	unsigned uid = getuid();
	char directory[256] = "/tmp", base[512], path[1024], line[1024];
	const char *script = NULL;

	// Takes the lowest free descriptor, whatever writes to that later.
	open("/var/log/naive.log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	FILE *conf = fopen("/etc/tmpshell.conf", "re"); // waits for a FIFO
	while (conf && fgets(line, sizeof line, conf))
		sscanf(line, "Directory %255s", directory);
	for (int opt; (opt = getopt(argc, argv, "u:d:c:")) != -1;)
		switch (opt) {
		case 'u': uid = atoi(optarg); break;
		case 'd': snprintf(directory, sizeof directory, "%s", optarg); break;
		case 'c': script = optarg; break;
		}
	snprintf(base, sizeof base, "%s/.private", directory);
	snprintf(path, sizeof path, "%s/%u", base, uid);
	mkdir(base, 0777); // the umask will do
	if (mkdir(path, 0700) == 0) {
		fprintf(stderr, "%s: made %s\n", argv[0], path);
		if (chown(path, uid, getgid()) != 0)
			perror(path);
		pid_t child = fork();
		if (child == 0) {
			execlp("logger", "logger", "-t", "naive", path, NULL);
			_exit(127);
		}
		waitpid(child, NULL, 0);
	}
	if (!getenv("TMPDIR"))
		setenv("TMPDIR", path, 1);
	if (setgid(getgid()) != 0 || setuid(getuid()) != 0)
		return 125;
	if (!script)
		return 0;
	execl("/bin/sh", "sh", "-c", script, NULL);
	return 127;
}
