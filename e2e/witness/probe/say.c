#include "probe.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char facts[16 << 20];
static size_t size;

static void put(const char *bytes, size_t n)
{
	if (n > sizeof facts - size)
		n = sizeof facts - size;
	memcpy(facts + size, bytes, n);
	size += n;
}

void fact(const char *key, const char *format, ...)
{
	char value[8192];
	va_list list;
	va_start(list, format);
	int n = vsnprintf(value, sizeof value, format, list);
	va_end(list);
	put(key, strlen(key));
	put(": ", 2);
	put(value, n < (int)sizeof value ? n : (int)sizeof value - 1);
	put("\n", 1);
}

void text(const char *key, const char *bytes)
{
	char code[5];
	put(key, strlen(key));
	put(": ", 2);
	for (; *bytes; bytes++)
		if (*bytes >= ' ' && *bytes <= '~' && *bytes != '\\')
			put(bytes, 1);
		else
			put(code, snprintf(code, sizeof code, "\\x%02x", (unsigned char)*bytes));
	put("\n", 1);
}

void unknown(const char *key) { fact(key, "unknown, %s", strerrorname_np(errno)); }

char *contents(const char *path)
{
	static char buffer[1 << 20]; /* 65,536 groups have a long line */
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return NULL;
	for (ssize_t got; n < sizeof buffer - 1 && (got = read(fd, buffer + n, sizeof buffer - 1 - n)) > 0; )
		n += got;
	close(fd);
	buffer[n] = 0;
	return buffer;
}

void file(const char *path)
{
	char *whole = contents(path), *rest = whole, *line;
	if (!whole)
		unknown(path);
	while (rest && *rest && (line = strsep(&rest, "\n")))
		text(path, line);
}

const char *role(pid_t pid)
{
	static char number[24];
	if (pid == getpid())
		return "self";
	if (pid == getppid() && pid > 0)
		return "parent";
	if (pid <= 1) {
		snprintf(number, sizeof number, "%d", pid);
		return number;
	}
	return "another";
}

/* A pipe or a file; a limit on files' sizes does not count for a pipe. */
void send_facts(int fd)
{
	for (size_t at = 0; at < size; ) {
		ssize_t n = write(fd, facts + at, size - at);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			at += n;
	}
}
