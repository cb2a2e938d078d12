package e2e

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// raised is which system calls may be made while which capabilities act: one
// kind of work for each set, and nothing that the caller could have a say in.
var raised = map[string]string{
	// The launcher: mount.
	"CAP_SYS_ADMIN":                "unshare mount open_tree mount_setattr move_mount openat open_by_handle_at fsopen fsconfig fsmount",
	"CAP_SYS_CHROOT|CAP_SYS_ADMIN": "setns",
	"CAP_DAC_READ_SEARCH":          "openat openat2 statx fchdir",
	// The helper: become root, take the user's file-system ids, and make what is
	// the user's.
	"CAP_SETGID|CAP_SETUID":        "setgroups setresgid setresuid setfsgid setfsuid",
	"CAP_DAC_OVERRIDE":             "mkdirat openat statx",
	"CAP_SYS_ADMIN|CAP_SYS_CHROOT": "setns",
}

// framing calls look at nothing of the caller's; they frame the others.
const framing = "close capset capget prctl " +
	"futex mmap munmap madvise mprotect nanosleep sched_yield clone clone3 rt_sigprocmask rt_sigreturn getpid tgkill" // the Go runtime's, which has each thread do it

var (
	callLine   = regexp.MustCompile(`^(\d+) +([a-z_0-9]+)\(`)
	capsetLine = regexp.MustCompile(`capset\(\{.*\}, \{effective=([^,]*), permitted=`)
)

// TestRaisedAroundOneCall records the system calls of logins and helper runs
// and which capabilities acted in each: none but the one that it needs.
func TestRaisedAroundOneCall(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Must(t, "mount", "--make-rshared", "/")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	seen := map[string]map[string]int{}
	for _, conf := range [][]string{
		{""},
		{"Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432", "Directory /var/cache/xdg mount"},
		{"Directory /tmp mount share=.X11-unix/ propagation=shared", "Directory /var/tmp tmpfs propagation=shared"},
		{"Directory /var/tmp tmpfs size=1M"},
		{"Directory /tmp mount", "Ambient cap_net_raw", "NoNewPrivileges yes"},
	} {
		rig.Install(t, conf...)
		for range 2 { // the first login and the usual one
			r := rig.Command{Path: "/usr/bin/strace", Env: alice.Env(), Args: []string{"strace", "-f", "-q", "-o", "/run/trace", "-e", "signal=none", "-s", "64",
				"setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", rig.Tmpshell, "-c", "exit 7"}}.Run(t)
			if r.Status != 7 {
				t.Fatalf("%q: status %d\n%s", conf, r.Status, r.Stderr)
			}
			trace, err := os.ReadFile("/run/trace")
			if err != nil {
				t.Fatal(err)
			}
			collect(seen, string(trace))
		}
	}
	for _, set := range slices.Sorted(maps.Keys(seen)) {
		allowed := strings.Fields(raised[set] + " " + framing)
		var calls []string
		for _, call := range slices.Sorted(maps.Keys(seen[set])) {
			calls = append(calls, fmt.Sprintf("%s %d", call, seen[set][call]))
			if !slices.Contains(allowed, call) {
				t.Errorf("%s is called with %s effective", call, set)
			}
		}
		view.Tell(fmt.Sprintf("%-32s %s\n", set, strings.Join(calls, ", ")))
	}
	if len(seen) < 4 {
		t.Errorf("only %d sets were raised: %v; strace does not show what it should", len(seen), seen)
	}
}

// collect counts calls by the effective set of their process. Programs other
// than tmpshell's have what root or the session gives them.
func collect(seen map[string]map[string]int, trace string) {
	effective := map[string]string{}
	ours := map[string]bool{}
	for line := range strings.Lines(trace) {
		m := callLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		pid, call := m[1], m[2]
		if call == "execve" {
			ours[pid] = strings.Contains(line, `execve("/usr/bin/tmpshell"`) || strings.Contains(line, `execve("/usr/libexec/tmpshell-`)
			effective[pid] = ""
			continue
		}
		if !ours[pid] {
			continue
		}
		if c := capsetLine.FindStringSubmatch(line); c != nil {
			effective[pid] = strings.ReplaceAll(strings.ReplaceAll(c[1], "1<<", ""), "0", "")
			continue
		}
		if set := effective[pid]; set != "" {
			if seen[set] == nil {
				seen[set] = map[string]int{}
			}
			seen[set][call]++
		}
	}
}
