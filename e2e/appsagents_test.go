package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// server is a program of the user's own that one login starts and another talks
// to.
type server struct {
	// start prints the path of its socket, and its process where stop needs it.
	start string
	// talk is a client, and stop its end. They have these two as $AT and $PID.
	talk, stop string
}

// meet starts the server in the first login and talks to it from both.
func (c *cell) meet(s server) string {
	c.Helper()
	path, pid, _ := strings.Cut(c.do(c.first, s.start), " ")
	with := "AT=" + path + " PID=" + pid + "; "
	defer func() {
		c.do(c.first, with+s.stop)
		c.do(c.first, with+`while [ "$PID" ] && kill -0 $PID; do sleep 0.02; done 2>/dev/null`)
	}()
	got := c.at(c.first, path)
	talk := with + s.talk
	here := c.do(c.first, talk)
	if there, status := c.second.Do(talk); status != 0 || strings.TrimSpace(there) != here {
		c.Logf("the second login: status %d, %q; the first: %q", status, there, here)
		return got + oneLogin
	}
	return got
}

// oneLogin is what the table says of a server that only its own login reaches.
const oneLogin = ", one login"

// TestApplicationsAgents: servers of a user's own that all of their logins are to
// find.
func TestApplicationsAgents(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "ssh-agent", "gpg-agent", "gpg-connect-agent", "emacs", "emacsclient", "tmux", "screen", "dbus-daemon", "pulseaudio", "pactl")
	users := installMethods(t, "SetEnv TMUX_TMPDIR=${TMPDIR}")
	rig.Must(t, "install", "-d", "-m", "1777", "/run/screen") // as Debian's tmpfiles.d has it

	meet := func(s server) func(*cell) string { return func(c *cell) string { return c.meet(s) } }
	emacs := func(before string) func(*cell) string {
		return meet(server{before + `emacs -Q --daemon >/dev/null 2>&1 </dev/null && emacsclient -e '(expand-file-name server-name server-socket-dir)' | tr -d '"'`,
			before + "emacsclient -e '(emacs-pid)'", before + "emacsclient -e '(kill-emacs)' || :"})
	}
	gpg := func(before string) func(*cell) string {
		return meet(server{before + `mkdir -p -m 700 ~/.gnupg; until gpg-connect-agent 'getinfo pid' /bye >/dev/null 2>&1; do sleep 0.1; done; gpgconf --list-dirs agent-socket`,
			before + "gpg-connect-agent --no-autostart 'getinfo pid' /bye", before + "gpgconf --kill gpg-agent"})
	}
	tmux := func(before string) func(*cell) string {
		return meet(server{before + `tmux new -d -s ours 'sleep 60' && tmux display -p '#{socket_path}'`, before + "tmux ls -F '#{session_name} #{pid}'", before + "tmux kill-server"})
	}
	pulse := func(before string) func(*cell) string {
		return meet(server{before + `mkdir -p ~/.config/pulse && echo autospawn=no >~/.config/pulse/client.conf
			pulseaudio -n --exit-idle-time=-1 --disable-shm -L module-native-protocol-unix -L 'module-null-sink sink_name=ours' >/dev/null 2>&1 &
			until pactl info >/dev/null 2>&1; do sleep 0.05; done
			echo $(pactl info | sed -n 's/^Server String: //p') $!`,
			before + "pactl list short sinks | cut -f2", "kill $PID"})
	}
	appTable(t, "servers of a user, from two logins", users, []application{
		{name: "ssh-agent", manual: "ssh-agent", try: meet(server{`eval "$(ssh-agent -s)" >/dev/null; echo $SSH_AUTH_SOCK $SSH_AGENT_PID`,
			`SSH_AUTH_SOCK=$AT ssh-add -l; test $? = 1`, `kill $PID`}), want: [4]string{"shared", "shared", "private", "private" + oneLogin}},
		// It asks for /run/user/UID itself, which no logind has made here.
		{name: "gpg-agent", manual: "gpg-agent", try: gpg(""), want: [4]string{"home", "home", "home", "home"}},
		{name: "gpg-agent, without XDG_RUNTIME_DIR", manual: "gpg-agent", try: gpg("unset XDG_RUNTIME_DIR; "), want: [4]string{"home", "home", "home", "home"}},
		{name: "emacs --daemon", manual: "Emacs, PulseAudio", try: emacs(""), want: [4]string{"shared", "private", "runtime", "private" + oneLogin}},
		{name: "emacs --daemon, without XDG_RUNTIME_DIR", manual: "Emacs, PulseAudio", try: emacs("unset XDG_RUNTIME_DIR; "), want: [4]string{"shared", "private", "private", "private" + oneLogin}},
		{name: "tmux", manual: "tmux", try: tmux("unset TMUX_TMPDIR; "), want: [4]string{"shared", "shared", "private", "private" + oneLogin}},
		{name: "tmux, with TMUX_TMPDIR", try: tmux(""), want: [4]string{"shared", "private", "private", "private" + oneLogin}},
		{name: "screen", manual: "screen", try: meet(server{`screen -dmS ours sleep 60; until ls -d /run/screen/S-$USER/* 2>/dev/null; do sleep 0.05; done`, "screen -ls | grep -o '[0-9]*[.]ours'", "screen -S ours -X quit"}),
			want: [4]string{"/run/screen", "/run/screen", "/run/screen", "/run/screen"}},
		{name: "dbus-daemon --session, unix:tmpdir=/tmp", manual: "dbus-daemon", try: meet(server{
			`dbus-daemon --session --fork --nopidfile --address=unix:tmpdir=/tmp --print-address=1 --print-pid=1 | sed -E 's/unix:path=([^,]*),.*/\1/' | xargs`,
			`DBUS_SESSION_BUS_ADDRESS=unix:path=$AT dbus-send --session --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId`,
			"kill $PID"}), want: [4]string{"shared", "shared", "private", "private" + oneLogin}},
		{name: "dbus-run-session", want: [4]string{"reached", "reached", "reached", "reached"}, try: func(c *cell) string {
			c.do(c.first, "dbus-run-session -- dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.GetId")
			return "reached"
		}},
		{name: "PulseAudio", manual: "Emacs, PulseAudio", try: pulse(""), want: [4]string{"shared", "private", "runtime", "private" + oneLogin}},
		{name: "PulseAudio, without XDG_RUNTIME_DIR", manual: "Emacs, PulseAudio", try: pulse("unset XDG_RUNTIME_DIR; "), want: [4]string{"shared", "private", "private", "private" + oneLogin}},
	})
}
