package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// noAbstract has a server listen on the file-system socket alone: transport
// "local" is the abstract one.
const noAbstract = "-nolisten local"

// smClient is a client of the X session management protocol: the real library,
// called by its C interface.
const smClient = `python3 - <<'EOF'
import ctypes, sys
sm = ctypes.CDLL("libSM.so.6")
sm.SmcOpenConnection.restype = ctypes.c_void_p
sm.SmcVendor.restype = ctypes.c_char_p
callbacks = (ctypes.c_char * 256)()
ident, error = ctypes.c_char_p(), ctypes.create_string_buffer(256)
c = sm.SmcOpenConnection(None, None, 1, 0, ctypes.c_ulong(0), callbacks, None, ctypes.byref(ident), 256, error)
if not c:
    sys.exit(error.value.decode())
print(sm.SmcVendor(ctypes.c_void_p(c)).decode())
EOF`

// runXvfb starts a server outside, where root has it; everybody may connect.
func runXvfb(t testing.TB, display string, options ...string) (stop func()) {
	t.Helper()
	return daemon(t, "xdpyinfo -display "+display, nil, "Xvfb", append([]string{display, "-ac", "-noreset", "-screen", "0", "64x64x8"}, options...)...)
}

// TestApplicationsX: X servers and session managers, over file-system sockets.
func TestApplicationsX(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "Xvfb", "xdpyinfo", "xsm", "iceauth", "xauth", "mcookie", "python3")
	runXvfb(t, ":81", strings.Fields(noAbstract)...)
	if got := rig.Must(t, "grep", "-o", "[ @]/tmp/.X11-unix/X81", "/proc/net/unix"); strings.Contains(got, "@") {
		t.Fatalf("with %s the server listens on %q; want the file-system socket alone", noAbstract, got)
	}
	runXvfb(t, ":84")
	const cookie = "/run/cookie"
	rig.Sh(t, "xauth -f "+cookie+" add :85 . $(mcookie)")
	daemon(t, "XAUTHORITY="+cookie+" xdpyinfo -display :85", nil, "Xvfb", ":85", "-auth", cookie, "-noreset", "-screen", "0", "64x64x8")
	users := installMethods(t)
	for _, a := range users {
		rig.Write(t, a.Home+"/.xsmstartup", "sh -c \"echo $SESSION_MANAGER >~/sm.new; mv ~/sm.new ~/sm; exec sleep 60\"\n", 0o644)
		rig.Write(t, a.Home+"/client", smClient, 0o755)
	}
	info := func(display string) string { return "xdpyinfo -display " + display }
	inside := func(display string) server {
		return server{`(Xvfb ` + display + ` -ac -noreset ` + noAbstract + ` >/dev/null 2>&1 & echo $! >~/pid); until xdpyinfo -display ` + display + ` >/dev/null 2>&1; do sleep 0.05; done
			echo /tmp/.X11-unix/X` + display[1:] + ` $(cat ~/pid)`, info(display) + " | grep vendor.string", "kill $PID"}
	}
	meets := [4]string{"shared", "shared", "share=", notReached}
	appTable(t, "X", users, []application{
		{name: "server outside, before the login", manual: "X server outside", want: meets,
			try: func(c *cell) string { return c.reaches("/tmp/.X11-unix/X81", info(":81")) }},
		{name: "server outside, after the login", manual: "X server outside", want: meets, outside: []string{".X82-lock", ".tX82-lock"},
			try: func(c *cell) string {
				runXvfb(c.T, ":82", strings.Fields(noAbstract)...)
				return c.reaches("/tmp/.X11-unix/X82", info(":82"))
			}},
		{name: "server outside, started again", manual: "X server outside", want: meets, outside: []string{".X82-lock", ".tX82-lock"},
			try: func(c *cell) string {
				runXvfb(c.T, ":82", strings.Fields(noAbstract)...)()
				if _, status := c.first.Do(info(":82")); status == 0 {
					c.Error("the server was to be stopped")
				}
				runXvfb(c.T, ":82", strings.Fields(noAbstract)...)
				return c.reaches("/tmp/.X11-unix/X82", info(":82"))
			}},
		{name: "server outside, abstract socket", want: [4]string{"reached", "reached", "reached", "reached"},
			try: func(c *cell) string { c.do(c.first, info(":84")); return "reached" }},
		{name: "XAUTHORITY, a file from before the login", manual: "X authority from before", want: [4]string{"shared", "shared", "linked", "linked"}, outside: []string{"xauth-*"},
			try: func(c *cell) string {
				// As display managers and su do: the cookie is the user's.
				file := "/tmp/xauth-" + c.Account.Name
				rig.Must(c.T, "install", "-m", "600", "-o", c.Account.Name, cookie, file)
				o := c.Open(c.T, "XAUTHORITY="+file)
				c.do(o, info(":85"))
				if _, status := o.Do("unset XAUTHORITY; " + info(":85")); status == 0 {
					c.Error("the server asks for no cookie")
				}
				return c.at(o, file)
			}},
		{name: "server of the user's own", manual: "X server of the user's", want: [4]string{"shared", "shared", "share=", "private" + oneLogin},
			try: func(c *cell) string { return c.meet(inside(":83")) }},
		{name: "session manager (ICE) of the user's own", manual: "X session manager, ICE", want: [4]string{"shared", "shared", "share=", "private" + oneLogin},
			try: func(c *cell) string {
				return c.meet(server{`rm -f ~/sm; (xsm -display :84 >/dev/null 2>&1 & echo $! >~/pid); until test -e ~/sm; do sleep 0.05; done
					echo $(sed 's/.*unix[^,:]*:\(.tmp[^,]*\).*/\1/' ~/sm) $(cat ~/pid)`,
					`SESSION_MANAGER=$(grep -o 'unix/[^,:]*:[^,]*' ~/sm) sh ~/client`, "kill $PID; pkill -P $PID || :"})
			}},
	})
}
