package rig

import (
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// Syslog collects what is sent to /dev/log.
type Syslog struct {
	mu    sync.Mutex
	lines []string
}

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
	log := &Syslog{}
	go func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := conn.Read(buffer)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			log.mu.Lock()
			log.lines = append(log.lines, string(buffer[:n]))
			log.mu.Unlock()
		}
	}()
	return log
}

// Tmpshell returns the lines of the product's programs so far.
func (s *Syslog) Tmpshell() []string {
	time.Sleep(20 * time.Millisecond) // sent is not yet read
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
	time.Sleep(20 * time.Millisecond)
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
