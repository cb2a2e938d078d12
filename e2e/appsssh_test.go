package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestApplicationsSSH: what sshd puts into /tmp for a session before the session
// begins, and what a client has there.
func TestApplicationsSSH(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "ssh-agent", "ssh-add")
	users := installMethods(t)
	rig.StartSSHD(t, "UsePAM no", "ExposeAuthInfo yes")
	const key, agent = "/etc/ssh/e2e/client", "/run/e2e-agent"
	daemon(t, "test -S "+agent, nil, "ssh-agent", "-D", "-a", agent)
	rig.Sh(t, "SSH_AUTH_SOCK="+agent+" ssh-add -q "+key)
	for _, a := range users {
		rig.Must(t, "install", "-m", "600", "-o", a.Name, key, a.Home+"/key")
	}
	ssh := func(c *cell, options ...string) *rig.Open {
		s := rig.SSH(c.Account, options...)
		s.Env = append(os.Environ(), "SSH_AUTH_SOCK="+agent)
		return s.Open(c.T)
	}
	fromSSHD := []string{"ssh-*", "sshauth.*"}
	linked := [4]string{"shared", "shared", "linked", "linked"}
	appTable(t, "ssh", users, []application{
		{name: "agent forwarding", manual: "forwarded ssh-agent", want: linked, outside: fromSSHD, try: func(c *cell) string {
			o := ssh(c, "-A")
			c.do(o, "ssh-add -l")
			return c.at(o, c.do(o, "echo $SSH_AUTH_SOCK"))
		}},
		{name: "agent forwarding, from another login", outside: fromSSHD, want: [4]string{"reached", "reached", "reached", notReached},
			try: func(c *cell) string {
				socket := c.do(ssh(c, "-A"), "echo $SSH_AUTH_SOCK")
				if _, status := c.second.Do("SSH_AUTH_SOCK=" + socket + " ssh-add -l"); status == 0 {
					return "reached"
				}
				return notReached
			}},
		{name: "ExposeAuthInfo (SSH_USER_AUTH)", manual: "ssh, ExposeAuthInfo", want: linked, outside: fromSSHD, try: func(c *cell) string {
			o := ssh(c)
			c.do(o, "grep -q ^publickey $SSH_USER_AUTH")
			return c.at(o, c.do(o, "echo $SSH_USER_AUTH"))
		}},
		{name: "ControlMaster, from two logins", manual: "ssh, ControlMaster in /tmp", outside: fromSSHD, want: [4]string{"shared", "shared", "private", "private" + oneLogin},
			try: func(c *cell) string {
				client := strings.ReplaceAll(strings.Join(rig.SSH(c.Account, "-S", "/tmp/cm").Args, " "), key, "~/key")
				return c.meet(server{
					start: client + " -M -N -f >/dev/null 2>&1; echo /tmp/cm",
					// Nothing but the socket leads anywhere.
					talk: client + ` -o ProxyCommand=false true && echo over the connection of the first`,
					stop: client + " -O exit 2>&1",
				})
			}},
	})
}
