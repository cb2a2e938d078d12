package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Term is a program on a terminal of its own.
type Term struct {
	t      testing.TB
	master *os.File
	cmd    *exec.Cmd
	done   chan struct{}

	changed chan struct{} // one is waiting when there is more

	mu   sync.Mutex
	text string // everything so far
	seen int    // how much of it Expect has passed
	eof  bool
}

// OnTerminal starts the command on a new terminal, which is its controlling
// one. Stdin is ignored. The test's end kills it.
func (c Command) OnTerminal(t testing.TB) *Term {
	t.Helper()
	cmd := exec.Command(c.Path)
	cmd.Args, cmd.Env, cmd.Dir = c.Args, c.Env, c.Dir
	if cmd.Dir == "" {
		cmd.Dir = "/"
	}
	attr := &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if c.As != nil {
		attr.Credential = c.As.Credential()
		if c.Env == nil {
			cmd.Env = c.As.Env()
		}
	}
	master, slave, err := open()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	if c.As != nil {
		if err := slave.Chown(int(c.As.UID), 5); err != nil {
			t.Fatal(err)
		}
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = attr
	if err := cmd.Start(); err != nil {
		t.Fatalf("%q: %v", c.Args, err)
	}
	term := &Term{t: t, master: master, cmd: cmd, done: make(chan struct{}), changed: make(chan struct{}, 1)}
	go term.read()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		master.Close() // a stopped process may be on the terminal for ever
		<-term.done
	})
	return term
}

func (term *Term) read() {
	buffer := make([]byte, 4096)
	for {
		n, err := term.master.Read(buffer)
		term.mu.Lock()
		term.text += string(buffer[:n])
		term.eof = err != nil // EIO: the last slave is closed
		term.mu.Unlock()
		select {
		case term.changed <- struct{}{}:
		default:
		}
		if err != nil {
			_ = term.cmd.Wait()
			close(term.done)
			return
		}
	}
}

// Send types text.
func (term *Term) Send(text string) {
	term.t.Helper()
	if _, err := term.master.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

// Resize changes the terminal's size.
func (term *Term) Resize(rows, columns uint16) {
	term.t.Helper()
	conn, err := term.master.SyscallConn()
	if err != nil {
		term.t.Fatal(err)
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		failed = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: rows, Col: columns})
	})
	if err = errors.Join(err, failed); err != nil {
		term.t.Fatal(err)
	}
}

// Settings are those of the terminal (termios(3)).
func (term *Term) Settings() unix.Termios {
	term.t.Helper()
	conn, err := term.master.SyscallConn()
	if err != nil {
		term.t.Fatal(err)
	}
	var s *unix.Termios
	var failed error
	err = conn.Control(func(fd uintptr) { s, failed = unix.IoctlGetTermios(int(fd), unix.TCGETS) })
	if err = errors.Join(err, failed); err != nil {
		term.t.Fatal(err)
	}
	return *s
}

// HangUp takes the terminal away from whoever is on it.
func (term *Term) HangUp() {
	term.t.Helper()
	if err := term.master.Close(); err != nil {
		term.t.Fatal(err)
	}
}

// open is pty.Open with a size, and with a master that can be closed while it is read from:
// package pty leaves it blocking.
func open() (master, slave *os.File, err error) {
	blocking, slave, err := pty.Open()
	if err != nil {
		return nil, nil, err
	}
	defer blocking.Close()
	fd, err := unix.FcntlInt(blocking.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.SetNonblock(fd, true),
			unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}))
	}
	return os.NewFile(uintptr(fd), "master"), slave, err
}

// Expect waits until the text appears after what was expected before, and
// returns what came in between.
func (term *Term) Expect(text string) string {
	term.t.Helper()
	rest, i, eof := "", -1, false
	AwaitOn(term.t, term.changed, func() string {
		return fmt.Sprintf("no %q on the terminal, but:\n%s", text, rest)
	}, func() bool {
		term.mu.Lock()
		defer term.mu.Unlock()
		rest, eof = term.text[term.seen:], term.eof
		if i = strings.Index(rest, text); i >= 0 {
			term.seen += i + len(text)
		}
		return i >= 0 || eof
	})
	if i < 0 {
		term.t.Fatalf("end of the session instead of %q; after:\n%s", text, rest)
	}
	return rest[:i]
}

// Wait waits for the end and returns all that appeared and the exit status.
func (term *Term) Wait() (text string, status int) {
	term.t.Helper()
	AwaitEnd(term.t, term.done, func() string {
		term.mu.Lock()
		defer term.mu.Unlock()
		return "not finished; so far:\n" + term.text
	})
	return term.text, term.cmd.ProcessState.ExitCode()
}
