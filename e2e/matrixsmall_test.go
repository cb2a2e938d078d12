package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixSmall has callers that Debian installs on few machines: those of busybox,
// which Alpine has in the place of login and su, doas, agetty that logs somebody in by
// itself, and sshd that has changed the root first.
func TestMatrixSmall(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "busybox", "agetty", "login")
	rig.Unpack(t, "doas")
	rig.Write(t, "/etc/doas.conf", "permit nopass keepenv root\n", 0o600)
	rig.Must(t, "chmod", "u+s", "/usr/bin/doas")
	rig.Must(t, "sh", "-ec", "mkdir -p /var/jail; mount --rbind / /var/jail")
	rig.StartSSHD(t, "UsePAM no", "ListenAddress 127.0.0.6", "Match LocalAddress 127.0.0.6", "ChrootDirectory /var/jail")
	toJail := "-oHostName=127.0.0.6"
	with := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			c := asRootFor(a, script, words...)
			c.Stdin = script + "\n"
			return c.Run(t)
		}
	}
	on := func(words ...string) func(*testing.T, *rig.Account, string) rig.Result {
		return func(t *testing.T, a *rig.Account, script string) rig.Result {
			rig.Write(t, a.Home+"/.hushlogin", "", 0o644)
			r := atPrompt(t, a, asRootFor(a, "", words...), script)
			r.Status = exitStatus // login does not pass it on
			return r
		}
	}
	matrix(t, "busybox, doas, agetty, chroot", []caller{
		{name: "busybox su", login: with("busybox", "su", "{user}")},
		{name: "busybox su -", login: with("busybox", "su", "-", "{user}")},
		{name: "busybox su -c", login: with("busybox", "su", "-c", "{script}", "{user}")},
		{name: "busybox su - -c", login: with("busybox", "su", "-", "-c", "{script}", "{user}")},
		{name: "busybox su -s -c", login: with("busybox", "su", "-s", "{shell}", "-c", "{script}", "{user}")},
		{name: "busybox su -, terminal", login: on("busybox", "su", "-", "{user}")},
		{name: "busybox login -f", login: on("busybox", "login", "-f", "{user}")},
		{name: "doas -u shell -c", login: with("doas", "-u", "{user}", "{shell}", "-c", "{script}")},
		{name: "doas -s", login: with("env", "SHELL={shell}", "doas", "-s", "-u", "{user}")},
		{name: "agetty --autologin", login: on("setsid", "-w", "-c", "agetty", "--noissue", "--noclear", "--autologin", "{user}", "-", "xterm")},
		{name: "ssh to a chroot", login: over([]string{toJail}, "{script}")},
		{name: "ssh to a chroot, terminal", login: overTerminal(toJail)},
	})
}
