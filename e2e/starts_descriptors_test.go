package e2e

import (
	"fmt"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
)

// open is a step of stage.
func open(fd, flags int, path string) string { return fmt.Sprintf("open=%d:%d:%s", fd, flags, path) }

const (
	someFile  = "/usr/share/tmpshell-some-file" // 100 bytes, everybody's
	otherRoot = "/run/root"                     // the root directory's twin

	mountSpace = "/proc/self/ns/mnt"
)

var descriptorStates = []startState{
	closedState(0), closedState(1), closedState(2), closedState(0, 1), closedState(0, 2), closedState(1, 2), closedState(0, 1, 2),
	{name: "0 to 2 closed and no /dev/null",
		steps:     []string{"covered=/dev", open(5, unix.O_RDONLY, mountSpace), "close=0", "close=1", "close=2"},
		shows:     []string{"controlling terminal: unknown, ENOENT", mountSpace + ": that of descriptor 5"},
		elsewhere: true},
	{name: "files with an offset", steps: []string{open(3, unix.O_RDWR, someFile), "seek=3:42", open(0, unix.O_RDONLY, someFile), "seek=0:7"},
		shows: []string{"descriptor 3: /usr/share/tmpshell-some-file", "descriptor 3: inode *, offset 42", "descriptor 0: inode *, offset 7"}},
	{name: "one open file on three descriptors", steps: []string{open(5, unix.O_RDWR|unix.O_APPEND, someFile), "copy=5:0", "copy=5:6", "seek=6:9"},
		shows: []string{"descriptor 0: inode *, offset 9", "descriptor 5: flags 0102002, *"}},
	{name: "non-blocking", steps: []string{"pipe=0:12:", "flags=0:04000", "flags=1:04000", "flags=2:04000", "flags=12:04000"},
		shows: []string{"descriptor 0: flags 04000, *", "descriptor 1: flags 04001, *", "descriptor 2: flags 04001, *"}},
	{name: "input waiting", steps: []string{"pipe=0:3:some text"}, shows: []string{"descriptor 0: flags 0, descriptor flags 0, 9 bytes to read, *"}},
	{name: "0 to 2 open the wrong way round", steps: []string{open(0, unix.O_WRONLY, "/dev/null"), open(1, unix.O_RDONLY, "/dev/zero"), open(2, unix.O_RDONLY, "/etc")},
		shows: []string{"descriptor 0: flags 0100001, *", "descriptor 1: /dev/zero", "descriptor 2: /etc"}},
	{name: "descriptor 1023", steps: []string{open(1023, unix.O_RDONLY, someFile)}, shows: []string{"descriptor 1023: /usr/share/tmpshell-some-file"}},
	{name: "a descriptor above the limit", steps: []string{open(1023, unix.O_RDONLY, someFile), limit(unix.RLIMIT_NOFILE, 20, 1024)},
		shows: []string{"descriptor 1023: /usr/share/tmpshell-some-file", limitLine(unix.RLIMIT_NOFILE, 20, 1024)}},
	{name: "200 descriptors", steps: manyCopies(10, 200), shows: []string{"descriptor 10: /dev/null", "descriptor 209: /dev/null"}},
	{name: "a path and a directory", steps: []string{open(3, unix.O_PATH, "/etc"), open(4, unix.O_DIRECTORY, "/usr"), open(5, unix.O_PATH|unix.O_NOFOLLOW, "/dev/stdin")},
		shows: []string{"descriptor 3: /etc", "descriptor 4: /usr", "descriptor 5: /dev/stdin"}},
	{name: "sockets", steps: []string{"socket=0:1", "socket=7:8"}, shows: []string{"descriptor 1: socket:[]", "descriptor 8: socket:[]"}},
	{name: "an event counter and sealed memory", steps: []string{"event=3", "sealed=4"}, shows: []string{"descriptor 3: anon_inode:[eventfd]", "descriptor 4: *, seals 12"}},
	{name: "signals for input and output", steps: []string{"pipe=3:4:", "own=3:40"}, shows: []string{"descriptor 3: *, owner 1 self, signal 40, *"}},
	{name: "a record lock", steps: []string{open(3, unix.O_RDWR, someFile), "record=3"}, shows: []string{"lock on descriptor 3: POSIX ADVISORY WRITE"}},
	{name: "a lock of an open file", steps: []string{open(3, unix.O_RDWR, someFile), "description=3"}, shows: []string{"lock on descriptor 3: OFDLCK ADVISORY WRITE"}},
	{name: "a lock of a whole file", steps: []string{open(3, unix.O_RDWR, someFile), "flock=3"}, shows: []string{"lock on descriptor 3: FLOCK ADVISORY WRITE"}},
	{name: "a lease", steps: []string{open(3, unix.O_RDONLY, someFile), "lease=3"}, only: "root", shows: []string{"descriptor 3: *, lease 0, *"}},
	{name: "a record lock on the configuration", steps: []string{open(3, unix.O_RDWR, rig.Conf), "record=3"},
		shows: []string{"lock on descriptor 3: POSIX ADVISORY WRITE"}},
	{name: "a record lock on the policy", steps: []string{open(3, unix.O_RDWR, rig.Policy), "record=3"}, unconfigured: true,
		shows:   []string{"lock on descriptor 3: POSIX ADVISORY WRITE"},
		unequal: map[string]string{"lock on descriptor 3": recordLocks}},
}

// closedState: these of the descriptors 0 to 2 are closed.
func closedState(fds ...int) startState {
	s := startState{name: "closed:"}
	for _, fd := range fds {
		s.name += fmt.Sprint(" ", fd)
		s.steps = append(s.steps, fmt.Sprintf("close=%d", fd))
		s.shows = append(s.shows, fmt.Sprintf("terminal on %d: unknown, EBADF", fd))
	}
	return s
}

func manyCopies(from, count int) []string {
	var steps []string
	for fd := from; fd < from+count; fd++ {
		steps = append(steps, fmt.Sprintf("copy=0:%d", fd))
	}
	return steps
}

var directoryStates = []startState{
	{name: "a working directory that is gone", steps: []string{"gone=/home/alice/gone"}, shows: []string{"working directory: unknown, ENOENT", "working directory: *, 0 links"}, elsewhere: true},
	{name: "a working directory that nobody may read", steps: []string{"chdir=/home/alice/shut", "user"}, shows: []string{"working directory: /home/alice/shut", "working directory: access -1"}, only: "alice", elsewhere: true},
	{name: "a working directory of root's alone", steps: []string{"chdir=/root", "user"}, shows: []string{"working directory: /root"}, elsewhere: true},
	{name: "a working directory outside the root directory", steps: []string{"chdir=/home", "chroot=" + otherRoot}, shows: []string{"working directory: (unreachable)/home"}, elsewhere: true},
	{name: "umask 0", steps: []string{"umask=0"}, shows: []string{"umask: 0000"}},
	{name: "umask 0777", steps: []string{"umask=0777"}, shows: []string{"umask: 0777"}},
	{name: "umask 0137", steps: []string{"umask=0137"}, shows: []string{"umask: 0137"}},
}
