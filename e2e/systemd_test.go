package e2e

import (
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

func TestSystemd(t *testing.T) {
	if !view.EnterWithCgroup(t) {
		return
	}
	rig.Unpack(t, "systemd")
	b := rig.Boot(t, "ssh.service")
	t.Log(b.Sh("systemctl is-system-running; systemctl --failed; systemd-analyze; systemctl list-units; journalctl -b --no-pager -q | tail -50; ls -la /run/user; loginctl"))
}
