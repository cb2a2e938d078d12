package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
)

// observer writes down what the session that it is in was given, into a file,
// so that a caller may do what it likes with stdout. With arguments it then
// becomes that program, for callers that start programs of their own choice.
// It and its ancestors of the same user are named from the inside out.
const observer = `#!/bin/dash
uid=$(id -u)
out=` + observations + `/$uid
(ls -l /proc/$$/fd >$out.fd)
(
	tr '\0' '\001' </proc/$$/environ
	printf '\002\n'
	pid=$$
	while [ "$(stat -c %u /proc/$pid)" = "$uid" ]; do
		IFS= read -r stat </proc/$pid/stat
		printf 'process: '
		tr '\0\n' '|^' </proc/$pid/cmdline
		set -- ${stat##*) }
		echo " leads group: $(($3 == pid)) session: $(($4 == pid)) terminal: $(($5 != 0)) foreground: $(($3 == $6)) priority: ${16} ${17}"
		pid=$2
	done
	sed '1d; s/^.* \([0-9]* -> \)/descriptor: \1/; s/\[[0-9]*\]//' $out.fd
	grep -E '^(Umask|Uid|Gid|Groups|SigPnd|ShdPnd|SigBlk|SigIgn|Cap...|NoNewPrivs|Seccomp|Cpus_allowed_list):' /proc/self/status
	cd -P . && cat /proc/self/limits /proc/self/oom_score_adj /proc/self/coredump_filter /proc/self/timerslack_ns /proc/self/cgroup /proc/self/personality
	ls -l /proc/self/cwd /proc/self/root /proc/self/ns | sed 's/^.* \([^ ]* -> \)/\1/' | grep -- '->'
	grep -c . /proc/self/mountinfo
) >$out.part 2>&1
mv $out.part $out
[ $# = 0 ] || exec "$@"
`

const observations = "/var/lib/e2e"

// installObserver makes the command `observe` for every account.
func installObserver(t *testing.T) {
	t.Helper()
	rig.Write(t, "/usr/local/bin/observe", observer, 0o755)
	rig.Must(t, "install", "-d", "-m", "1777", observations)
}

// observation is what `observe` wrote.
type observation struct {
	env   []string
	facts []string
}

// numbers are what the kernel or a daemon counts: terminals, and with them the
// title of sshd's process; files that have no name any more, and those of at(1)
// and Ansible; sessions and transient units of systemd.
var numbers = regexp.MustCompile(`(/dev/pts/|@pts/|/tmp/#|/at(?:jobs|spool)/a|/ansible-tmp-|/session-|/session-c|/run-u)[0-9a-f.-]+`)

// observed waits for the account's observation and takes it away.
func observed(t *testing.T, a *rig.Account) observation {
	t.Helper()
	path := filepath.Join(observations, strconv.Itoa(int(a.UID)))
	var text []byte
	rig.Await(t, func() string { return "nothing was observed: the session has not come as far" }, func() bool {
		var err error
		text, err = os.ReadFile(path)
		return err == nil
	})
	_ = os.Remove(path)
	env, facts, _ := strings.Cut(string(text), "\x02\n")
	// sshd has popen(3) start the passwd shell for ~/.ssh/rc.
	facts = strings.ReplaceAll(facts, "process: sh|-c|"+a.Shell+" ", "process: sh|-c|SHELL ")
	facts = strings.ReplaceAll(facts, reference, rig.Tmpshell)
	facts = numbers.ReplaceAllString(facts, "${1}N")
	return observation{
		strings.Split(strings.TrimSuffix(env, "\x01"), "\x01"),
		strings.Split(strings.TrimSuffix(facts, "\n"), "\n"),
	}
}
