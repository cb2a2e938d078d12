package e2e

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/view"
)

// emulated: the programs under test are another processor's, and run under qemu-user.
// It gives them the variables of the environment in the opposite order.
func emulated(t *testing.T) bool {
	t.Helper()
	_, qemu, err := view.Processor()
	if err != nil {
		t.Fatal(err)
	}
	return qemu != ""
}

// emulatorChanges says why a start state is not that of what qemu-user runs, or "".
func emulatorChanges(s startState) string {
	for _, step := range s.steps {
		what, value, _ := strings.Cut(step, "=")
		resource, _, _ := strings.Cut(value, ":")
		switch {
		case slices.Contains([]string{"ignore", "block", "process", "thread", "queue"}, what):
			return "the emulator has signals of its own"
		case what == "limit" && slices.Contains(ofMemory, resource):
			return "the emulator needs memory of its own"
		case what == "ioprio" || what == "nice" && strings.HasPrefix(value, "-") || what == "scheduling":
			return "a user namespace has no such priority"
		case step == "close=0":
			return "the kernel gives the emulator the program as descriptor 0, which is none to it"
		case what == "grow":
			return "the emulator keeps one entry of each name"
		}
	}
	switch s.name {
	case "memory not both written and executed":
		return "the emulator writes what it executes"
	case "two seccomp filters, without no_new_privs":
		return "prlimit(2), which they refuse, is all that Go calls for a limit elsewhere: no helper"
	}
	names := map[string]bool{}
	for _, entry := range s.env {
		name, _, found := strings.Cut(entry, "=")
		if !found || name == "" || names[name] {
			return "the emulator keeps one entry of each name"
		}
		names[name] = true
	}
	return ""
}

// ofMemory are the limits on it, as stage has them.
var ofMemory = []string{strconv.Itoa(unix.RLIMIT_AS), strconv.Itoa(unix.RLIMIT_DATA), strconv.Itoa(unix.RLIMIT_STACK)}
