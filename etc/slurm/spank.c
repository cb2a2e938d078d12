/*
 * A plugin of slurmd's, spank(7): the tasks of srun and sbatch begin in the session
 * of their user, with the /tmp that method mount has for it. A task that may not have
 * a session does not begin. Where nothing is mounted for a user, it does nothing. What
 * tmpshell has to say is on the standard error of the task.
 *
 *	cc -shared -fPIC -O2 -o /usr/lib/slurm-tmpshell.so spank.c
 *	echo 'required /usr/lib/slurm-tmpshell.so' >>/etc/slurm/plugstack.conf
 *
 * on every node and on those of the logins, with the headers (libslurm-dev) of the
 * Slurm that is installed, and again for each other release of it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <slurm/spank.h>

SPANK_PLUGIN(tmpshell, 1);

#define TMPSHELL "/usr/bin/tmpshell"

/*
 * becomes the user's cat, in a session: what it prints says that there is one. The job
 * chooses the /tmp of it where tmpshell.conf says per=SLURM_JOB_ID.
 */
static void session(uint32_t job, uid_t uid, gid_t gid, int n, const gid_t *groups, int in, int out)
{
	char id[32], *env[] = { "PATH=/usr/bin:/bin", id, NULL };
	sigset_t none;

	snprintf(id, sizeof id, "SLURM_JOB_ID=%u", (unsigned)job);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && close_range(3, ~0U, 0) == 0 && chdir("/") == 0 &&
	    setgroups(n, groups) == 0 && setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0)
		execle(TMPSHELL, "tmpshell", "--exec", "--", "/bin/cat", NULL, env);
	_exit(125);
}

static int same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * enters the mount namespace of a process of the user's. They may have had it enter
 * one of their own, which belongs to a user namespace of theirs and is no place for
 * root: such a one is refused.
 */
static int enter(pid_t pid)
{
	char path[64], cwd[PATH_MAX];
	struct stat ours, theirs, owner, machine;
	int fd, user, was;

	snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 || fstat(fd, &theirs) != 0 || stat("/proc/self/ns/mnt", &ours) != 0)
		return -1;
	if (same(&ours, &theirs))
		return close(fd);
	if ((user = ioctl(fd, NS_GET_USERNS)) < 0 || fstat(user, &owner) != 0 || stat("/proc/self/ns/user", &machine) != 0 || !same(&owner, &machine))
		return -1;
	if ((was = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0 || getcwd(cwd, sizeof cwd) == NULL || setns(fd, CLONE_NEWNS) != 0)
		return -1;
	close(user);
	close(fd);
	return chdir(cwd) == 0 ? close(was) : fchdir(was);
}

/* is run by root in each task, before it is the user's. */
int slurm_spank_task_init_privileged(spank_t sp, int ac, char **av)
{
	uint32_t job;
	uid_t uid;
	gid_t gid, *groups;
	int n, status, in[2], out[2], entered = -1;
	char c = 0;
	pid_t pid;

	(void)ac;
	(void)av;
	if (spank_get_item(sp, S_JOB_ID, &job) != ESPANK_SUCCESS || spank_get_item(sp, S_JOB_UID, &uid) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_GID, &gid) != ESPANK_SUCCESS ||
	    spank_get_item(sp, S_JOB_SUPPLEMENTARY_GIDS, &groups, &n) != ESPANK_SUCCESS)
		return -1;
	if (uid == 0)
		return 0;
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0)
		session(job, uid, gid, n, groups, in[0], out[1]);
	close(out[1]);
	/* in[0] is still open: nobody is sent a SIGPIPE. */
	if (write(in[1], &c, 1) == 1 && read(out[0], &c, 1) == 1)
		entered = enter(pid);
	close(in[0]);
	close(in[1]);
	close(out[0]);
	if (waitpid(pid, &status, 0) != pid)
		entered = -1;
	if (entered != 0)
		slurm_error("tmpshell: uid %u has no session on this node", (unsigned)uid);
	return entered;
}
