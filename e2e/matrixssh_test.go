package e2e

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// over is a session without a terminal: a shell that reads the script or, with
// words, an exec request.
func over(options []string, words ...string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		c := rig.SSH(a, options...)
		c.Args = append(c.Args, fill(a, script, words)...)
		if len(words) == 0 {
			c.Stdin = script + "\n"
		}
		return c.Run(t)
	}
}

// overTerminal is a session on a terminal that ssh has made.
func overTerminal(options ...string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		return atPrompt(t, a, rig.SSH(a, append(options, "-tt")...), script)
	}
}

func TestMatrixSSH(t *testing.T)        { matrixSSH(t, "sshd", "UsePAM no") }
func TestMatrixSSHWithPAM(t *testing.T) { matrixSSH(t, "sshd with PAM", "UsePAM yes") }

// TestMatrixSSHWithoutPAM has one that was built without, by e2e/openssh.sh.
func TestMatrixSSHWithoutPAM(t *testing.T) {
	if !sample.All() {
		t.Skip("with TMPSHELL_ALL=1 alone: sshd has to be compiled")
	}
	matrixSSH(t, "sshd without PAM", "")
}

// matrixSSH has what sshd starts shells for.
func matrixSSH(t *testing.T, title, pam string) {
	if !view.Enter(t) {
		return
	}
	if pam == "" {
		rig.UseOpenSSH(t)
	}
	// pam_motd writes it anew for everybody, and two at once may see it empty.
	rig.Must(t, "rm", "-rf", "/etc/update-motd.d")
	rig.StartSSHD(t, pam, "PermitUserRC yes")
	matrix(t, title, append(sshCallers(), caller{name: "ControlMaster, 8 sessions", login: manySessions}, caller{name: "~/.ssh/rc", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
		// sshd runs it with the passwd shell, before the session.
		rig.Write(t, a.Home+"/.ssh/rc", "observe; echo by rc; echo to stderr >&2\n", 0o644)
		defer rig.Must(t, "rm", a.Home+"/.ssh/rc")
		c := rig.SSH(a)
		c.Stdin, c.Args = "to the session\n", append(c.Args, "cat; exit 7")
		return c.Run(t)
	}}))
}

// sshCallers are what any server of ssh starts shells for.
func sshCallers() []caller {
	return []caller{
		{name: "terminal", login: overTerminal()},
		{name: "no terminal", login: over(nil)},
		{name: "exec", login: over(nil, "{script}")},
		{name: "exec on a terminal", login: over([]string{"-tt"}, "{script}")},
		{name: "exec, 10 MiB each way", login: tenMiB},
		{name: "exec, every hostile byte", login: hostileBytes()},
		{name: "exec, death by signal", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			return over(nil, "observe; sh -c 'kill -9 $PPID'; observe")(t, a, "")
		}},
		{name: "stderr apart", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			return over(nil, "observe; echo out; echo err >&2; exit 7")(t, a, "")
		}},
	}
}

// bytesOf is a file's worth of bytes that no text has.
func bytesOf(size int) string {
	pattern := make([]byte, 0, 1<<16)
	for i := range cap(pattern) {
		pattern = append(pattern, byte(i*i>>3^i))
	}
	return strings.Repeat(string(pattern), size/len(pattern))
}

func tenMiB(t *testing.T, a *rig.Account, _ string) rig.Result {
	sent := bytesOf(10 << 20)
	c := rig.SSH(a)
	c.Stdin, c.Args = sent, append(c.Args, "observe cat; exit 7")
	r := c.Run(t)
	if r.Stdout != sent {
		t.Errorf("%d bytes came back of the %d that were sent, or others", len(r.Stdout), len(sent))
	}
	r.Stdout = ""
	return r
}

// hostileBytes has each of the hostile commands print what it is, and then one
// session observe.
func hostileBytes(options ...string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, script string) rig.Result {
		var printed strings.Builder
		for _, name := range slices.Sorted(maps.Keys(hostileCommands)) {
			r := over(options, "printf '%s\\n' "+hostileCommands[name])(t, a, "")
			fmt.Fprintf(&printed, "%s: status %d\n%s%s", name, r.Status, r.Stdout, r.Stderr)
		}
		r := over(options, "{script}")(t, a, script)
		r.Stdout += printed.String()
		return r
	}
}

// hostileCommands are what breaks a shell's quoting in the middle. Each follows
// a command that takes words.
var hostileCommands = map[string]string{
	"quotes":   `'it'\''s' "a \"b\"" \\ '\'`,
	"newlines": "a\n: b\n\n",
	"dollar":   `'$HOME ${x} $(id) ` + "`id`" + `'`,
	"bytes":    "'\x05\x7f\xff\xfe \xc3\x28'",
	"100 kB":   "'" + strings.Repeat("long ", 20_000) + "'",
}

// manySessions are eight at once over one connection, and one that observes.
func manySessions(t *testing.T, a *rig.Account, script string) rig.Result {
	control := "-oControlPath=" + filepath.Join(t.TempDir(), "control")
	return rig.Sh(t, `control=$1 script=$2; shift 2
		"$@" $control -M -N -f || exit 1
		{ for i in 1 2 3 4 5 6 7 8; do "$@" $control 'echo session; exit 3' || echo "status $?" & done; wait; } | sort
		"$@" $control "$script"; status=$?
		"$@" $control -O exit 2>/dev/null; exit $status`,
		append([]string{control, script}, rig.SSH(a).Args...)...)
}
