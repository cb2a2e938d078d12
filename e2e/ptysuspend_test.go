package e2e

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// isRaw tells whether what is typed on a terminal goes to --pty byte by byte.
func isRaw(term *rig.Term) bool {
	s := term.Settings()
	return s.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) == 0 && s.Oflag&unix.OPOST == 0
}

// TestPTYSuspend: for a shell with job control, --pty is a job as any other. The
// terminal is the shell's, as it was, while the job is stopped or in the background,
// and is taken again with the size that it has by then.
func TestPTYSuspend(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "script", "stty")
	rig.Install(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	// Each line that it reads it answers, with the size of its terminal.
	rig.Write(t, "/home/alice/answer", "#!/bin/sh\nstty -echo\necho up >/home/alice/up\nwhile read x; do echo \"$(stty size) $x-answered\"; done\n", 0o755)
	var table tried
	for _, c := range []struct {
		what string
		do   func(s *suspended)
	}{
		{"kill -TSTP, fg", func(s *suspended) { s.stop("TSTP", rig.Supervise); s.shell(); s.front("fg") }},
		{"kill -STOP, fg", func(s *suspended) { s.stop("STOP", rig.Supervise); s.shell(); s.front("fg") }},
		{"kill -TSTP, a new size, fg", func(s *suspended) {
			s.stop("TSTP", rig.Supervise)
			s.term.Resize(40, 100)
			s.size = "40 100"
			s.shell()
			s.front("fg")
		}},
		{"kill -TSTP, bg, fg", func(s *suspended) {
			s.stop("TSTP", rig.Supervise)
			s.term.Send("bg\n")
			s.term.Expect("&")
			s.shell()
			s.front("fg")
		}},
		{"kill -STOP of the program, fg", func(s *suspended) { s.stop("STOP", "/bin/dash"); s.shell(); s.front("fg") }},
		{"twice", func(s *suspended) {
			for range 2 {
				s.stop("TSTP", rig.Supervise)
				s.shell()
				s.front("fg")
			}
		}},
		{"Ctrl-Z, which a program without a shell has no use for", func(s *suspended) { s.term.Send("\x1a") }},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := &suspended{t: t, a: a, size: "24 80", term: outerShell(t, a)}
			s.begin("")
			c.do(s)
			s.answers()
			s.term.Send("\x04")
			s.shell()
			s.term.Send("exit\n")
			s.term.Wait()
			table.row(c.what, "the job goes on", "the terminal's settings, for the shell")
		})
	}
	t.Run("&, fg", func(t *testing.T) {
		s := &suspended{t: t, a: a, size: "24 80", term: outerShell(t, a)}
		s.begin(" &")
		s.shell()
		s.front("fg")
		s.answers()
		s.term.Send("\x04")
		s.shell()
		table.row("&, fg", "the job goes on", "the terminal's settings, for the shell")
	})
	t.Run("a job of a shell inside", func(t *testing.T) {
		s := &suspended{t: t, a: a, size: "24 80", term: outerShell(t, a)}
		s.term.Send("tmpshell --exec --pty -- bash --norc -i\n")
		rig.Await(t, func() string { return "the terminal is not raw" }, func() bool { return isRaw(s.term) })
		s.term.Send("echo in''side; cat\n")
		s.term.Expect("inside")
		rig.Await(t, func() string { return "no cat" }, func() bool { return len(running("/bin/cat", 1000))+len(running("/usr/bin/cat", 1000)) == 1 })
		s.term.Send("\x1a")
		s.term.Expect("Stopped")
		s.term.Send("echo shell-''inside\n")
		s.term.Expect("shell-inside")
		s.term.Send("fg\n")
		s.term.Expect("cat")
		s.term.Send("to cat\n")
		s.term.Expect("to cat\r\nto cat")
		s.term.Send("\x03")
		s.term.Expect("outer> ") // what is typed before that is lost
		s.term.Send("exit\n")
		s.shell()
		table.row("Ctrl-Z and fg in a shell inside", "its job", "the shell inside")
	})
	// Without a shell that sets the terminal, it is in the end as it was.
	t.Run("SIGSTOP and SIGCONT, nobody sets the terminal", func(t *testing.T) {
		term := rig.Command{As: a, Path: "/bin/sh", Args: []string{"sh", "-c", "read x; tmpshell --exec --pty -- ~/answer; echo end''ed; read x"}, Env: a.Env()}.OnTerminal(t)
		s := &suspended{t: t, a: a, size: "24 80", term: term}
		before := term.Settings()
		term.Send("\n")
		s.up()
		pid := supervisorOf(t, 1000)
		rig.Must(t, "kill", "-STOP", pid)
		rig.Must(t, "kill", "-CONT", pid)
		s.answers()
		term.Send("\x04")
		term.Expect("ended")
		if after := term.Settings(); after != before {
			t.Errorf("the terminal is left as\n%+v, and was\n%+v", after, before)
		}
		term.Send("\n")
		term.Wait()
		table.row("SIGSTOP and SIGCONT, nobody sets the terminal", "nothing", "the terminal's settings, at the end")
	})
	table.tell()
}

// suspended is a job on a terminal.
type suspended struct {
	t    *testing.T
	a    *rig.Account
	term *rig.Term
	size string
}

// outerShell is a shell with job control.
func outerShell(t *testing.T, a *rig.Account) *rig.Term {
	t.Helper()
	env := append(a.Env(), "PS1=outer> ", "TERM=dumb")
	term := rig.Command{As: a, Path: "/bin/bash", Args: []string{"bash", "--norc", "--noediting", "-i"}, Env: env, Dir: a.Home}.OnTerminal(t)
	term.Expect("outer> ")
	return term
}

func (s *suspended) begin(end string) {
	s.t.Helper()
	s.term.Send("rm -f up; tmpshell --exec --pty -- ~/answer" + end + "\n")
	if end == "" {
		s.up()
		return
	}
	s.await("the program does not run", func() bool { return exists("/home/alice/up") })
}

// up waits until the program reads, and the terminal is its.
func (s *suspended) up() {
	s.t.Helper()
	s.await("the program does not run, or the terminal is not raw", func() bool { return exists("/home/alice/up") && isRaw(s.term) })
	rig.Must(s.t, "rm", "/home/alice/up")
}

func (s *suspended) await(what string, f func() bool) {
	s.t.Helper()
	rig.Await(s.t, func() string {
		return what + fmt.Sprintf("; the settings are %+v, and there are\n", s.term.Settings()) + rig.Sh(s.t, "ps -o pid,ppid,pgid,sid,tpgid,stat,args -u alice").Stdout
	}, f)
}

// stop sends a signal to the process of a program, and waits for the shell to see it.
func (s *suspended) stop(signal, program string) {
	s.t.Helper()
	var list []string
	s.await("no "+program, func() bool {
		list = running(program, s.a.UID)
		if program != rig.Supervise {
			list = append(list, running("/usr"+program, s.a.UID)...)
		}
		return len(list) == 1
	})
	rig.Must(s.t, "kill", "-"+signal, list[0])
	s.term.Expect("Stopped")
	s.term.Expect("outer> ")
}

// shell waits until the terminal is the shell's and as it was.
func (s *suspended) shell() {
	s.t.Helper()
	s.await("the terminal is not the shell's", func() bool { return !isRaw(s.term) })
	s.term.Send("echo is-''shell\n")
	s.term.Expect("is-shell")
	s.term.Expect("outer> ")
	if t := s.term.Settings(); t.Lflag&(unix.ICANON|unix.ECHO|unix.ISIG) != unix.ICANON|unix.ECHO|unix.ISIG || t.Oflag&unix.OPOST == 0 {
		s.t.Errorf("the terminal has %+v", t)
	}
}

// front brings the job to the foreground.
func (s *suspended) front(command string) {
	s.t.Helper()
	s.term.Send(command + "\n")
	s.await("the terminal is not raw after "+command, func() bool { return isRaw(s.term) })
}

// answers waits for the program's answer.
func (s *suspended) answers() {
	s.t.Helper()
	s.term.Send("question\n")
	if got := s.term.Expect("question-answered"); !strings.Contains(got, s.size) {
		s.t.Errorf("the size is in %q; want %s", got, s.size)
	}
}
