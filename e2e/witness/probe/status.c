#include "probe.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Numbers of processes, sizes, and counts of the user's other processes. */
static int varies(const char *line)
{
	static const char *const names[] = {
		"Pid:", "Tgid:", "PPid:", "NStgid:", "NSpid:", "NSpgid:", "NSsid:", "SigQ:",
		"VmPeak:", "VmSize:", "VmHWM:", "VmRSS:", "VmData:", "VmStk:", "VmPTE:", "VmSwap:",
		"RssAnon:", "RssFile:", "RssShmem:", "voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:",
	};
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (!strncmp(line, names[i], strlen(names[i])))
			return 1;
	return 0;
}

void see_status(void)
{
	char *rest = contents("/proc/self/status"), *line;
	if (!rest)
		unknown("status");
	while (rest && (line = strsep(&rest, "\n")))
		if (*line && !varies(line))
			text("status", line);

	/* proc_pid_stat(5): what follows the name, beginning with field 3. */
	static const char *const fields[] = {
		[3] = "state", [7] = "terminal", [9] = "flags", [18] = "priority", [19] = "nice", [20] = "threads",
		[21] = "itrealvalue", [38] = "exit signal", [40] = "rt priority", [41] = "policy",
	};
	char *stat = contents("/proc/self/stat"), key[40];
	char *at = stat ? strrchr(stat, ')') : NULL;
	if (!at)
		return;
	at += 2;
	for (unsigned i = 3; i < sizeof fields / sizeof *fields && (line = strsep(&at, " ")); i++)
		if (fields[i]) {
			snprintf(key, sizeof key, "stat, %s", fields[i]);
			text(key, line);
		}
}

/* By name, or as the one that a descriptor holds: a new one has a new number. */
static void see_namespace(const char *path)
{
	struct stat space, held;
	if (stat(path, &space)) {
		unknown(path);
		return;
	}
	for (int fd = 3; fd < 9; fd++)
		if (!fstat(fd, &held) && held.st_ino == space.st_ino && held.st_dev == space.st_dev) {
			fact(path, "that of descriptor %d", fd);
			return;
		}
	fact(path, "%lu", space.st_ino);
}

/* proc_pid_mountinfo(5), without the numbers of mounts, devices and groups. */
static void see_mounts(void)
{
	char *rest = contents("/proc/self/mountinfo"), *line, at[1024];
	int fields;
	while (rest && (line = strsep(&rest, "\n")))
		if (sscanf(line, "%*d %*d %*s %n%1023s %*s %*s", &fields, at) == 1) {
			char *type = strstr(line, " - "), *end = line + fields;
			for (int i = 0; i < 3 && end; i++)
				end = strchr(end + 1, ' ');
			if (type && end)
				*end = 0;
			text("mount", line + fields);
			if (type)
				text("mount", type + 1); /* its first character may be the end */
		}
}

void see_files(void)
{
	static const char *const files[] = {
		"oom_score_adj", "coredump_filter", "timerslack_ns", "cgroup", "loginuid", "sessionid", "uid_map",
		"gid_map", "setgroups", "attr/current", "comm", "timens_offsets",
	};
	static const char *const spaces[] = {
		"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts",
	};
	char path[64];
	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "/proc/self/%s", files[i]);
		file(path);
	}
	see_mounts();
	char *group = contents("/proc/self/autogroup"); /* a number, and what it is about */
	if (group)
		text("nice of the session's autogroup", strstr(group, "nice") ? strstr(group, "nice") : group);
	for (unsigned i = 0; i < sizeof spaces / sizeof *spaces; i++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", spaces[i]);
		see_namespace(path);
	}
}

/* What a process has used up; tmpshell is a process, too. */
void see_cost(void)
{
	struct rusage self, children;
	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
	fact("cost, processor time in microseconds", "%ld", self.ru_utime.tv_sec * 1000000 + self.ru_utime.tv_usec + self.ru_stime.tv_sec * 1000000 + self.ru_stime.tv_usec);
	fact("cost, most memory in KiB", "%ld", self.ru_maxrss);
	fact("cost, page faults", "%ld", self.ru_minflt + self.ru_majflt);
	fact("cost, switches", "%ld", self.ru_nvcsw + self.ru_nivcsw);
	fact("cost, children's page faults", "%ld", children.ru_minflt + children.ru_majflt);
}
