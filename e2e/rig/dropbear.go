package rig

import (
	"net"
	"os"
	"testing"

	"tmpshell/e2e/view"
)

// StartDropbear runs the real dropbear on an address of loopback, with more of
// its options, until the test ends. Its clients are those of sshd: SSH, SFTP, SCP
// and SSHShell. An account accepts the test's key once Authorize has said so.
func StartDropbear(t testing.TB, address string, options ...string) {
	t.Helper()
	const key = sshKeys + "/dropbear"
	view.Need(t, "dropbear", "dropbearkey")
	makeKeys(t)
	if _, err := os.Stat(key); err != nil {
		withoutTimers(t)
		Must(t, "dropbearkey", "-t", "ed25519", "-f", key)
	}
	at := address + ":" + sshPort
	Start(t, "dropbear", append([]string{"-F", "-E", "-m", "-s", "-r", key, "-p", at, "-P", "/run/dropbear." + address}, options...)...)
	Await(t, func() string { return "dropbear does not answer on " + at }, func() bool {
		conn, err := net.Dial("tcp", at)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// withoutTimers has /proc/timer_list, which lists every sleeping process of the machine, be
// empty: dropbear and dropbearkey read it for entropy, each session's process anew, and that
// costs more than all else that they do.
func withoutTimers(t testing.TB) {
	t.Helper()
	const timers = "/proc/timer_list"
	if _, err := os.Stat(timers); err == nil {
		Must(t, "mount", "--bind", "/dev/null", timers)
	}
}

// Authorize writes the test's key into the account's own authorized_keys, which
// dropbear reads, and with it the key's options.
func Authorize(t testing.TB, a *Account, options string) {
	t.Helper()
	if options != "" {
		options += " "
	}
	Write(t, a.Home+"/.ssh/authorized_keys", options+Must(t, "cat", clientKey+".pub"), 0o644)
}
