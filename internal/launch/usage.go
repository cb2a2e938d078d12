package launch

import (
	"strconv"

	"golang.org/x/sys/unix"
)

const usage = `tmpshell gives a session private temporary directories and becomes its shell.

usage:
  tmpshell [SHELL ARGUMENTS...]        as the user's real shell would be called
  tmpshell --exec [--] PROGRAM [ARG...]  run a program instead, as in a container
  tmpshell --version | --help

Set as a shell in passwd(5), as ForceCommand in sshd_config(5), as SHELL in a
crontab(5), or as a container's entrypoint. See tmpshell(8), tmpshell.conf(5).
`

// print writes to standard output: the only two answers that belong there.
func (l *launcher) print(text string) int {
	for len(text) > 0 {
		n, err := unix.Write(1, []byte(text))
		if err != nil && err != unix.EINTR {
			l.stderr.Error("standard output", err.Error())
			return ExitOwn
		}
		text = text[max(n, 0):]
	}
	return 0
}

func decimal(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
