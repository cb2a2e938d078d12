package e2e

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixJobs is about the terminal itself: who is in the foreground, who is
// stopped, who gets which signal. Each session is typed into, a line at a time,
// and what comes of it must be the same to the letter.
func TestMatrixJobs(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "/bin/login", "su", "script", "ps")
	rig.StartSSHD(t, "UsePAM no")
	matrix(t, "job control", slices.Concat(
		jobCallers(t, "ssh", sshTerminal),
		jobCallers(t, "login", func(a *rig.Account) rig.Command { return asRootFor(a, "", "login", "-f", "{user}") }),
		jobCallers(t, "su -", func(a *rig.Account) rig.Command { return asRootFor(a, "", under("su", "-", "{user}")...) }),
		jobCallers(t, "script", func(a *rig.Account) rig.Command {
			return program(a, under("script", "-q", "-e", "/dev/null")...)
		})))
}

func sshTerminal(a *rig.Account) rig.Command { return rig.SSH(a, "-tt", "-e", "none") }

// jobCallers have every dialogue after a login on a terminal.
func jobCallers(t *testing.T, name string, login func(a *rig.Account) rig.Command) []caller {
	t.Helper()
	rig.Write(t, "/usr/local/bin/waiter", waiter, 0o755)
	var rows []caller
	for _, d := range dialogues {
		rows = append(rows, caller{name: name + ": " + d.name, silent: true, login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			rig.Write(t, a.Home+"/.hushlogin", "", 0o644)
			s := &seat{t: t, a: a, term: login(a).OnTerminal(t)}
			s.term.Expect("$ ")
			d.talk(s)
			return rig.Result{Stdout: s.said.String()}
		}})
	}
	return rows
}

// under has a shell of its own start the command, as in life: the kernel tells
// the leader of the session alone that its terminal is gone, and neither su nor
// script listens.
func under(args ...string) []string {
	return append([]string{"sh", "-c", `"$@"; exit $?`, "sh"}, args...)
}

// waiter says in a file what it is told: its start, the signals that reach it,
// and the terminal's size when it changes. It starts no process: a shell that is
// stopped in the middle of vfork(2) is not seen to stop.
const waiter = `#!/usr/bin/perl
use POSIX;
sub say { open my $f, ">>", "$ENV{HOME}/said"; syswrite $f, "@_\n" }
sub size { ioctl STDIN, 0x5413, my $s = "\0" x 8; join " ", (unpack "S2", $s) }
$SIG{INT} = sub { say "INT"; exit 3 };
$SIG{HUP} = sub { say "HUP"; exit 3 };
$SIG{CONT} = sub { say "CONT" } unless @ARGV; # a hang-up may bring one, or not
$SIG{WINCH} = sub { say "WINCH", size };
say "started", size, tcgetpgrp(0) == getpgrp ? "+" : "-";
sleep 1 while 1;
`

// seat is somebody in front of a terminal, who writes down what happens.
type seat struct {
	t    *testing.T
	a    *rig.Account
	term *rig.Term
	said strings.Builder
}

// run types a command that stays in the foreground, and waits until it is there.
func (s *seat) run(command string) {
	_ = os.Remove(s.a.Home + "/said")
	s.term.Send(command + "\r")
	s.wait("started")
}

// wait waits until the waiter has said something.
func (s *seat) wait(what string) {
	s.t.Helper()
	until(s.t, what, func() bool { return strings.Contains(s.file(), what) })
}

// file is what the waiter has said. bg and fg both send CONT, and whether the
// waiter gets it once or twice is a matter of time.
func (s *seat) file() string {
	text, _ := os.ReadFile(s.a.Home + "/said")
	return strings.Join(slices.Compact(strings.Split(string(text), "\n")), "\n")
}

// note writes down what the waiter has said and in which state it is.
func (s *seat) note(moment string) {
	fmt.Fprintf(&s.said, "%s: %q, %q\n", moment, s.file(), s.state())
}

// state is the waiter's: T if it is stopped, S if not, empty if it is gone.
func (s *seat) state() string {
	r := rig.Sh(s.t, `pid=$(pgrep -o -x -u "$1" waiter) && ps -o stat= -p $pid | cut -c1 | tr RD S`, s.a.Name)
	return strings.TrimSpace(r.Stdout)
}

var dialogues = []struct {
	name string
	talk func(s *seat)
}{
	{"Ctrl-C", func(s *seat) {
		s.run("waiter")
		s.term.Send("\x03")
		s.term.Expect("$ ")
		s.wait("INT")
		s.note("after Ctrl-C")
		s.end()
	}},
	{"Ctrl-Z, bg, fg", func(s *seat) {
		s.run("waiter")
		s.term.Send("\x1a")
		s.term.Expect("$ ")
		until(s.t, "a stopped job", func() bool { return s.state() == "T" })
		s.note("after Ctrl-Z")
		s.term.Send("bg\r")
		s.term.Expect("$ ")
		s.wait("CONT")
		s.note("after bg")
		s.term.Send("fg\r")
		until(s.t, "a job in the foreground", func() bool {
			return rig.Sh(s.t, `pgrep -x -u "$1" waiter | xargs -r ps -o stat= -p | grep -F +`, s.a.Name).Status == 0
		})
		s.term.Send("\x03")
		s.term.Expect("$ ")
		s.wait("INT")
		s.note("after fg and Ctrl-C")
		s.end()
	}},
	{"window size", func(s *seat) {
		s.run("waiter")
		s.note("as it was")
		s.term.Resize(43, 132)
		s.wait("WINCH 43 132")
		s.note("resized")
		s.term.Send("\x03")
		s.term.Expect("$ ")
		s.end()
	}},
	{"hang-up", func(s *seat) {
		s.run("waiter hang-up")
		s.term.HangUp()
		// script passes this on as an end of file alone; its own end hangs up.
		rig.Sh(s.t, `pkill -KILL -x -u "$1" script`, s.a.Name)
		until(s.t, "the end of all", func() bool { return rig.Sh(s.t, `pgrep -u "$1"`, s.a.Name).Status != 0 })
		s.note("hung up")
	}},
}

// end leaves the shell.
func (s *seat) end() {
	s.term.Send("exit\r")
	_, status := s.term.Wait()
	fmt.Fprintf(&s.said, "status %d\n", status)
}
