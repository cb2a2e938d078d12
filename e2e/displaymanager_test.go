package e2e

import (
	"os"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// dmServer is the X server of a display manager's: that of the machine would need a
// graphics card. It has the options that Xvfb knows, and the file-system socket alone.
const dmServer = `#!/bin/sh
display=$1
while [ "$1" != -auth ]; do shift; done
exec Xvfb "$display" -auth "$2" ` + noAbstract + ` -screen 0 64x64x8
`

// dmSession is what a session finds.
const dmSession = `#!/bin/sh
d=$(dirname "$(mktemp)")
[ -e /tmp/shared ] || d="$d, mounted"
x=none
if xdpyinfo >/dev/null 2>&1; then x=$(ls /tmp/.X11-unix); fi
echo "$d ${TMPDIR-unset} X: $x" >~/new; mv ~/new ~/seen
`

// dmUsers have methods env and mount, and their sessions are dmSession.
func dmUsers(t *testing.T) []*rig.Account {
	rig.Install(t, "Match User mount", "Directory /tmp mount share=.X11-unix/,.ICE-unix/")
	users := []*rig.Account{
		rig.AddUser(t, rig.Account{Name: "alice", UID: 1000}),
		rig.AddUser(t, rig.Account{Name: "mount", UID: 1001}),
	}
	rig.Write(t, "/tmp/shared", "", 0o644)
	rig.Write(t, "/usr/local/bin/look", dmSession, 0o755)
	return users
}

// dmSeen takes what a session has found.
func dmSeen(t *testing.T, a *rig.Account, want string) {
	t.Helper()
	got, err := os.ReadFile(a.Home + "/seen")
	if err != nil || string(got) != want+"\n" {
		t.Errorf("%s has %q, %v; want %q", a.Name, got, err, want)
	}
	_ = os.Remove(a.Home + "/seen")
}

// TestLightDM has a display manager log somebody in. It runs Xsession(5), and no login
// shell: tmpshell comes in by the shipped file for /etc/X11/Xsession.d alone.
func TestLightDM(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "Xvfb", "xdpyinfo", "dbus-daemon", "xrdb")
	rig.Unpack(t, "lightdm")
	users := dmUsers(t)
	rig.Write(t, "/usr/local/bin/server", dmServer, 0o755)
	rig.Must(t, "mkdir", "-p", "/run/dbus", "/run/lightdm", "/var/log/lightdm", "/var/cache/lightdm", "/var/lib/lightdm/data")
	rig.Start(t, "dbus-daemon", "--system", "--nofork", "--nopidfile")
	until(t, "system bus", func() bool { return rig.Sh(t, "test -S /run/dbus/system_bus_socket").Status == 0 })
	// login has lightdm log a user in and, as there is no greeter, end with the session.
	login := func(a *rig.Account, want string) {
		t.Helper()
		rig.Write(t, "/etc/lightdm/lightdm.conf", "[LightDM]\ngreeter-user=root\nlogind-check-graphical=false\n"+
			"[Seat:*]\nxserver-command=/usr/local/bin/server\nuser-session=lightdm-xsession\nautologin-user="+a.Name+"\n", 0o644)
		rig.Must(t, "ln", "-sf", "/usr/local/bin/look", a.Home+"/.xsession")
		r := rig.Sh(t, "lightdm")
		if dmSeen(t, a, want); t.Failed() {
			t.Logf("lightdm: %+v\n%s", r, rig.Sh(t, "cat /var/log/lightdm/*.log "+a.Home+"/.xsession-errors").Stdout)
		}
	}
	for _, a := range users {
		login(a, "/tmp unset X: X0")
	}
	rig.Write(t, "/etc/X11/Xsession.d/60tmpshell", readSource(t, "etc/X11/Xsession.d/60tmpshell"), 0o644)
	login(users[0], "/tmp/.private/1000 /tmp/.private/1000 X: X0")
	login(users[1], "/tmp, mounted /tmp X: X0")
}

// greeter asks greetd, as greeters do (greetd-ipc(7)), for a session of the user whom
// /etc/greeted names, with a command of one word for each line there.
const greeter = `
import json, os, socket, struct, sys
user, *command = open("/etc/greeted").read().splitlines()
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["GREETD_SOCK"])
def ask(**question):
    text = json.dumps(question).encode()
    s.sendall(struct.pack("=I", len(text)) + text)
    size, = struct.unpack("=I", s.recv(4, socket.MSG_WAITALL))
    answer = json.loads(s.recv(size, socket.MSG_WAITALL))
    if answer["type"] != "success":
        sys.exit(str(answer))
ask(type="create_session", username=user)
ask(type="start_session", cmd=command)
`

// TestGreetd has a greeter log somebody in. greetd runs a command by /bin/sh, which has
// read profile(5), and no login shell.
func TestGreetd(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3")
	rig.Unpack(t, "greetd")
	users := dmUsers(t)
	rig.AddUser(t, rig.Account{Name: "greeter", UID: 1010, Shell: "/bin/sh"})
	rig.Sh(t, "sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/greetd") // everybody knows the password
	rig.Write(t, "/usr/local/bin/greeter", greeter, 0o644)
	rig.Write(t, "/etc/greetd/config.toml", "[terminal]\nvt = \"none\"\n[default_session]\ncommand = \"python3 /usr/local/bin/greeter\"\nuser = \"greeter\"\n", 0o644)
	login := func(a *rig.Account, want string, command ...string) {
		t.Helper()
		rig.Write(t, "/etc/greeted", a.Name+"\n"+strings.Join(command, "\n")+"\n", 0o644)
		stop := daemon(t, "test -e "+a.Home+"/seen", nil, "greetd")
		stop()
		dmSeen(t, a, want)
	}
	for _, a := range users {
		login(a, "/tmp unset X: none", "look")
	}
	login(users[0], "/tmp/.private/1000 /tmp/.private/1000 X: none", "tmpshell", "--exec", "--", "look")
	login(users[1], "/tmp, mounted /tmp X: none", "tmpshell", "--exec", "--", "look")
	rig.Write(t, "/etc/profile.d/tmpshell.sh", readSource(t, "etc/profile.d/tmpshell.sh"), 0o644)
	login(users[0], "/tmp/.private/1000 /tmp/.private/1000 X: none", "look")
}
