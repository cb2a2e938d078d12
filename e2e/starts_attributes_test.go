package e2e

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/witness"
)

// refuse is a step of stage.
func refuse(call int, errno syscall.Errno) string { return fmt.Sprintf("refuse=%d:%d", call, errno) }

// Bits of personality(2).
const (
	shortInode      = 0x1000000
	noRandomization = 0x0040000
	compatLayout    = 0x0200000
	mmapPageZero    = 0x0100000
	uname26         = 0x0020000
	limit3GB        = 0x8000000
	linux32         = 0x0000008
)

var attributeStates = []startState{
	personalityState("no address space randomization", noRandomization),
	personalityState("the old memory layout", compatLayout|noRandomization),
	personalityState("page zero mapped", mmapPageZero),
	personalityState("an older kernel's name", uname26),
	personalityState("the name of a 32-bit machine", linux32|limit3GB),
	personalityState("short inode numbers", shortInode),
	{name: "all that an exec with capabilities takes", steps: []string{fmt.Sprintf("personality=%d", noRandomization),
		limit(unix.RLIMIT_STACK, 64*mega, infinity), "user", "deathsig=12"},
		shows: []string{"parent-death signal: 12", "personality: 0x40000", limitLine(unix.RLIMIT_STACK, 64*mega, infinity)}},
	{name: "the same with no_new_privs", steps: []string{fmt.Sprintf("personality=%d", noRandomization),
		limit(unix.RLIMIT_STACK, 64*mega, infinity), "user", "deathsig=12", prctl(unix.PR_SET_NO_NEW_PRIVS, 1)},
		shows:    []string{"parent-death signal: 12", "personality: 0x40000", limitLine(unix.RLIMIT_STACK, 64*mega, infinity), "no_new_privs: 1"},
		noHelper: true},
	{name: "a program that may not be read", steps: []string{"mode=0711:" + witness.Probe}, only: "alice", shows: []string{"dumpable: 0"}},
	{name: "first to be killed", steps: []string{"put=/proc/self/oom_score_adj:500"}, shows: []string{"/proc/self/oom_score_adj: 500"}},
	{name: "last to be killed", steps: []string{"put=/proc/self/oom_score_adj:-900"}, shows: []string{"/proc/self/oom_score_adj: -900"}, optional: true},
	{name: "core dump filter", steps: []string{"put=/proc/self/coredump_filter:0x17f"}, shows: []string{"/proc/self/coredump_filter: 0000017f"}, optional: true},
	{name: "subreaper", steps: []string{prctl(unix.PR_SET_CHILD_SUBREAPER, 1)}, shows: []string{"subreaper: 1"}, always: true},
	{name: "no huge pages", steps: []string{prctl(unix.PR_SET_THP_DISABLE, 1)}, shows: []string{"huge pages off: 1"}, optional: true},
	{name: "memory not both written and executed", steps: []string{prctl(unix.PR_SET_MDWE, 1)}, shows: []string{"memory-deny-write-execute: 1"}, optional: true},
	{name: "memory merged", steps: []string{prctl(unix.PR_SET_MEMORY_MERGE, 1)}, shows: []string{"memory merge: 1"}, optional: true},
	{name: "early machine checks", steps: []string{prctl(unix.PR_MCE_KILL, 1, 1)}, shows: []string{"machine checks: 1"}, optional: true},
	{name: "io flusher", steps: []string{prctl(unix.PR_SET_IO_FLUSHER, 1)}, only: "root", shows: []string{"io flusher: 1"}, optional: true},
	{name: "no speculative stores", steps: []string{prctl(unix.PR_SET_SPECULATION_CTRL, 0, 4)}, shows: []string{"speculation: 5 *"}, optional: true},
	{name: "a session keyring", steps: []string{"user", "keyring=witness"}, shows: []string{"session keyring: keyring;*;witness"}, optional: true},
	spaceState("host name", "uts", unix.CLONE_NEWUTS),
	spaceState("System V", "ipc", unix.CLONE_NEWIPC),
	spaceState("network", "net", unix.CLONE_NEWNET),
	spaceState("mount", "mnt", unix.CLONE_NEWNS),
	spaceState("control group", "cgroup", unix.CLONE_NEWCGROUP),
	spaceState("time", "time_for_children", unix.CLONE_NEWTIME),
}

func personalityState(name string, bits int) startState {
	return startState{name: name, steps: []string{fmt.Sprintf("personality=%d", bits)}, shows: []string{fmt.Sprintf("personality: %#x", bits)}}
}

// spaceState is a namespace of the process's own. Descriptor 5 holds it.
func spaceState(name, file string, flag int) startState {
	path := "/proc/self/ns/" + file
	return startState{name: "another " + name + " namespace",
		steps: []string{fmt.Sprintf("unshare=%d", flag), open(5, unix.O_RDONLY, path)},
		shows: []string{path + ": that of descriptor 5"}, elsewhere: flag == unix.CLONE_NEWNS}
}
