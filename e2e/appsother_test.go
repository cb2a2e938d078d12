package e2e

import (
	"fmt"
	"net"
	"os"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestApplicationsESounD: a sound server of the user's own that was there before
// the session, and listens where ESounD did. Debian has no such server any more:
// a listener of the test's stands in.
func TestApplicationsESounD(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3")
	users := installMethods(t)
	appTable(t, "ESounD", users, []application{{
		name: "/tmp/.esd-UID/socket, server outside", manual: "ESounD outside", outside: []string{".esd-*"}, want: [4]string{"shared", "shared", "share=", notReached},
		try: func(c *cell) string {
			dir := fmt.Sprintf("/tmp/.esd-%d", c.UID)
			if err := os.Mkdir(dir, 0o700); err != nil {
				c.Fatal(err)
			}
			listener, err := net.Listen("unix", dir+"/socket")
			if err != nil {
				c.Fatal(err)
			}
			defer listener.Close()
			rig.Must(c.T, "chown", "-R", c.Account.Name, dir)
			return c.reaches(dir+"/socket", `python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect("`+dir+`/socket")'`)
		},
	}})
}

// TestApplicationsOtherUsers: becoming somebody else inside a session.
func TestApplicationsOtherUsers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "sudo")
	users := installMethods(t)
	rig.AddUser(t, rig.Account{Name: "other", UID: 2000, Shell: "/bin/bash"})
	wrapped := rig.AddUser(t, rig.Account{Name: "wrapped", UID: 2001})
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	made := func(script string) func(*cell) string {
		return func(c *cell) string { return c.at(c.first, c.do(c.first, script)) }
	}
	appTable(t, "other users' files in /tmp", users, []application{
		{name: "su - other, with bash", want: [4]string{"shared", "shared", "private", "private"}, try: made("sudo su - other -c mktemp")},
		{name: "sudo -u other", want: [4]string{"shared", "shared", "private", "private"}, try: made("sudo -u other mktemp")},
		{name: "su - wrapped, with tmpshell and method env", want: [4]string{"their own", "their own", "their own", "their own"}, try: func(c *cell) string {
			f := c.do(c.first, "sudo su - wrapped -c 'mktemp -u; touch $TMPDIR/x'")
			if dir := wrapped.Private(); len(f) <= len(dir) || f[:len(dir)] != dir {
				c.Errorf("mktemp says %s, not in %s", f, dir)
			}
			return "their own"
		}},
	})
}
