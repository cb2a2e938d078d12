// Package syslog sends lines to the system log, facility authpriv.
//
// It speaks the protocol of syslog(3) over the datagram socket /dev/log itself:
// the standard library's package links net, which every login would pay for. A
// log that is missing, full or slow never delays a session.
package syslog

import (
	"strconv"

	"golang.org/x/sys/unix"

	"tmpshell/internal/msg"
)

// Priority is the severity of a line, as in syslog(3).
type Priority int

// The severities in use.
const (
	Error   Priority = 3
	Warning Priority = 4
	Info    Priority = 6
)

const authpriv = 10 << 3

// path is the socket of syslog(3).
const path = "/dev/log"

// Logger sends lines under one program's name.
type Logger struct {
	Program string
}

// Send logs one line; the parts are joined by ": ".
func (l Logger) Send(p Priority, parts ...string) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	// No time stamp: the daemon, journald included, puts its own.
	text := "<" + strconv.Itoa(authpriv|int(p)) + ">" + l.Program +
		"[" + strconv.Itoa(unix.Getpid()) + "]: " + msg.Line(parts...)
	_ = unix.Sendto(fd, []byte(text), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, &unix.SockaddrUnix{Name: path})
}
