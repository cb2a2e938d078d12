package rig

import (
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
)

// Syslog collects what is sent to /dev/log.
type Syslog struct {
	t     testing.TB
	mu    sync.Mutex
	lines []string
	seen  chan struct{} // one is sent for each mark that has come
}

const syslogMark = "<86>mark of the test's own"

// ListenSyslog binds /dev/log until the test ends.
func ListenSyslog(t testing.TB) *Syslog {
	t.Helper()
	const path = "/dev/log"
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err == nil {
		err = os.Chmod(path, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); os.Remove(path) })
	log := &Syslog{t: t, seen: make(chan struct{})}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if string(buffer[:n]) == syslogMark {
				log.seen <- struct{}{}
				continue
			}
			log.mu.Lock()
			log.lines = append(log.lines, string(buffer[:n]))
			log.mu.Unlock()
		}
	}()
	return log
}

// settle waits until all that has been sent so far is read: the socket keeps the
// order.
func (s *Syslog) settle() {
	s.t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: "/dev/log", Net: "unixgram"})
	if err == nil {
		defer conn.Close()
		_, err = conn.Write([]byte(syslogMark))
	}
	if err != nil {
		s.t.Fatal(err)
	}
	<-s.seen
}

// Tmpshell returns the lines of the product's programs so far.
func (s *Syslog) Tmpshell() []string {
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []string
	for _, l := range s.lines {
		if strings.Contains(l, "tmpshell") {
			found = append(found, l)
		}
	}
	return found
}

// Forget drops what has arrived.
func (s *Syslog) Forget() {
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = nil
}

// Expect fails the test unless a line of the product's has all the words. All
// such lines must be authpriv's.
func (s *Syslog) Expect(t testing.TB, words ...string) {
	t.Helper()
	lines := s.Tmpshell()
	for _, l := range lines {
		const errorLine, warning, info = "<83>", "<84>", "<86>" // authpriv is 10<<3
		if p := l[:min(4, len(l))]; p != errorLine && p != warning && p != info {
			t.Errorf("not of authpriv: %q", l)
		}
	}
	for _, l := range lines {
		if containsAll(l, words) {
			return
		}
	}
	t.Errorf("no line with %q in the log; it has %q", words, lines)
}

func containsAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}
