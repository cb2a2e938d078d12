package supervise

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// masterFD is where the launcher has put its end of the pseudo-terminal.
const masterFD = 3

// chunk is as much as a pipe that is ready takes without waiting (PIPE_BUF).
const chunk = 4096

// pending is what was read from one side and not yet written to the other.
type pending struct {
	buf     [chunk]byte
	at, end int
}

func (b *pending) empty() bool { return b.at == b.end }

// read takes what there is. False: there will be no more.
func (b *pending) read(from int) bool {
	n, e := bare.Read(from, b.buf[:])
	if e == bare.Errno(unix.EAGAIN) {
		return true
	}
	if e != 0 || n == 0 {
		return false
	}
	b.at, b.end = 0, n
	return true
}

// write gives what it can.
func (b *pending) write(to int) bool {
	n, e := writeSome(to, b.buf[b.at:b.end])
	if e == bare.Errno(unix.EAGAIN) {
		return true
	}
	if e != 0 {
		b.at = b.end
		return false
	}
	b.at += n
	return true
}

// terminal is the proxy of --pty: this process's standard input goes to the
// pseudo-terminal, and what comes from there to the standard output.
type terminal struct {
	master int // -1: there is none
	in     pending
	out    pending
	// inEnd, outEnd: nothing more comes from there, or goes there.
	inEnd, outEnd bool
	// tty: standard input is the session's terminal. raw: it is this process
	// group's, and was made raw; before has the settings that it had.
	tty, raw bool
	before   unix.Termios
	polled   [4]unix.PollFd
}

// begin takes the descriptors. Others that the caller has left open are the
// program's alone.
func (p *parent) begin(pty bool) {
	p.master = -1
	if !pty {
		bare.CloseFrom(masterFD)
		return
	}
	bare.CloseFrom(masterFD + 1)
	p.master = masterFD
	noWaiting(p.master)
	p.tty = bare.Foreground(0) != 0 && settings(0, &p.before)
	if p.tty && bare.Foreground(0) == bare.Group(0) {
		setSettings(p.master, &p.before)
	}
	setWindowSize(p.master, &unix.Winsize{Row: 24, Col: 80}) // a VT100, where there is none outside
	p.takeTerminal()
}

// takeTerminal makes the outer terminal raw, if this process is in the foreground
// there: the inner one does what there is to do.
func (t *terminal) takeTerminal() {
	t.resize()
	// One that was stopped by SIGSTOP has left it raw: what it was before is known.
	if !t.tty || bare.Foreground(0) != bare.Group(0) || !t.raw && !settings(0, &t.before) {
		t.raw = false
		return
	}
	t.raw = true
	s := t.before // as cfmakeraw(3)
	s.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON
	s.Oflag &^= unix.OPOST
	s.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
	s.Cflag &^= unix.CSIZE | unix.PARENB
	s.Cflag |= unix.CS8
	s.Cc[unix.VMIN], s.Cc[unix.VTIME] = 1, 0
	setSettings(0, &s)
}

// frontMillis is how often one in the background looks whether it is in the foreground:
// nothing tells a job that goes on already.
const frontMillis = 200

// untilFront is for how long to wait for anything to happen.
func (t *terminal) untilFront() int64 {
	if t.master < 0 || !t.tty || t.raw {
		return -1
	}
	if t.takeTerminal(); t.raw {
		return -1
	}
	return frontMillis
}

func (t *terminal) giveBack() {
	if t.raw {
		setSettings(0, &t.before)
	}
	t.raw = false
}

func (t *terminal) resize() {
	var size unix.Winsize
	if windowSize(0, &size) {
		setWindowSize(t.master, &size)
	}
}

// suspend stops this process, and takes the terminal again when it goes on.
func (t *terminal) suspend() {
	t.giveBack()
	_ = send(bare.Getpid(), unix.SIGSTOP)
	t.takeTerminal()
}

// ofTerminal does what a signal is about the outer terminal.
func (t *terminal) ofTerminal(n unix.Signal) bool {
	if t.master < 0 {
		return false
	}
	switch n {
	case unix.SIGWINCH:
		t.resize()
	case unix.SIGTSTP:
		t.suspend()
	case unix.SIGCONT: // fg, perhaps
		t.takeTerminal()
	default:
		return false
	}
	return true
}

// waitFor is what may happen next; the first place is for signals.
func (t *terminal) waitFor() []unix.PollFd {
	list := t.polled[:1]
	if t.master < 0 {
		return list
	}
	list = t.polled[:4]
	for i := range list {
		list[i] = unix.PollFd{Fd: -1}
	}
	master := int16(0)
	if !t.in.empty() {
		master |= unix.POLLOUT
	} else if !t.inEnd {
		list[1] = unix.PollFd{Fd: 0, Events: unix.POLLIN}
		if t.tty && !t.raw { // what is typed is for somebody else
			list[1].Events = 0
		}
	}
	if t.out.empty() {
		master |= unix.POLLIN
	} else {
		list[3] = unix.PollFd{Fd: 1, Events: unix.POLLOUT}
	}
	if master != 0 {
		list[2] = unix.PollFd{Fd: int32(t.master), Events: master}
	}
	return list
}

// copy copies what there is, in either direction.
func (t *terminal) copy() {
	if t.master < 0 {
		return
	}
	const readable = unix.POLLIN | unix.POLLHUP | unix.POLLERR
	if t.polled[1].Revents != 0 && t.in.empty() && !t.in.read(0) {
		t.endOfInput()
	}
	if !t.in.empty() {
		_ = t.in.write(t.master)
	}
	if t.polled[2].Revents&readable != 0 && t.out.empty() && !t.out.read(t.master) {
		t.hangUp() // nobody has the other end open
	}
	if t.polled[3].Revents != 0 && !t.out.empty() && (t.outEnd || !t.out.write(1)) {
		t.outEnd = true
		t.out.at = t.out.end // nobody reads it
	}
}

// endOfInput: where the outer terminal is gone, so is the inner one. Of a file or
// a pipe, the end is told as a person at a terminal would.
func (t *terminal) endOfInput() {
	t.inEnd = true
	if t.tty {
		t.hangUp()
		return
	}
	var s unix.Termios
	end := byte(4)
	if settings(t.master, &s) && s.Lflag&unix.ICANON != 0 {
		end = s.Cc[unix.VEOF]
	}
	n := 1
	if t.in.end > 0 && t.in.buf[t.in.end-1] != '\n' {
		n = 2 // the first one ends the line
	}
	t.in.buf[0], t.in.buf[1] = end, end
	t.in.at, t.in.end = 0, n
}

func (t *terminal) hangUp() {
	bare.Close(t.master)
	t.master, t.inEnd = -1, true
	t.in.at, t.in.end = 0, 0
	t.drain()
}

// left is more than a terminal holds; others may go on writing to it.
const left = 256 << 10

// finish writes what the program has left in the terminal.
func (p *parent) finish() {
	t := &p.terminal
	t.drain()
	for n := 0; t.master >= 0 && n < left; n += chunk {
		if !t.out.read(t.master) || t.out.empty() {
			break
		}
		t.drain()
	}
	t.giveBack()
	bare.Close(t.master)
	t.master = -1
}

// drain writes what was read, and waits for whoever reads it.
func (t *terminal) drain() {
	for !t.out.empty() && !t.outEnd {
		list := [1]unix.PollFd{{Fd: 1, Events: unix.POLLOUT}}
		if bare.Poll(list[:], -1) != 0 || !t.out.write(1) {
			t.outEnd = true
		}
	}
	t.out.at = t.out.end
}
