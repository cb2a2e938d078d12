package sys

import (
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestReadFor(t *testing.T) {
	for _, test := range []struct {
		name  string
		text  string
		close bool
		want  error
	}{
		{"nothing", "", true, nil},
		{"an answer", "answer", true, nil},
		{"as long as it may be", strings.Repeat("x", 10000), true, nil},
		{"too long", strings.Repeat("x", 10001), true, ErrTooLong},
		{"no end", "answer", false, ErrTimeout},
		{"silence", "", false, ErrTimeout},
	} {
		var p [2]int
		if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
			t.Fatal(err)
		}
		if _, err := unix.Write(p[1], []byte(test.text)); err != nil {
			t.Fatal(err)
		}
		if test.close {
			unix.Close(p[1])
		}
		out, err := ReadFor(p[0], 200, 10000)
		if err != test.want || err == nil && string(out) != test.text {
			t.Errorf("%s: ReadFor = %.20q, %v; want %.20q, %v", test.name, out, err, test.text, test.want)
		}
		if !test.close {
			unix.Close(p[1])
		}
		unix.Close(p[0])
	}
}

func TestWait(t *testing.T) {
	for _, test := range []struct {
		script string
		want   error
		check  func(syscall.WaitStatus) bool
	}{
		{"exit 7", nil, func(s syscall.WaitStatus) bool { return s.ExitStatus() == 7 }},
		{"sleep 0.1; exit 3", nil, func(s syscall.WaitStatus) bool { return s.ExitStatus() == 3 }},
		{"kill -TERM $$", nil, func(s syscall.WaitStatus) bool { return s.Signal() == syscall.SIGTERM }},
		{"exec sleep 1000", ErrTimeout, func(s syscall.WaitStatus) bool { return s.Signal() == syscall.SIGKILL }},
		{"kill -STOP $$", ErrTimeout, func(s syscall.WaitStatus) bool { return s.Signal() == syscall.SIGKILL }},
	} {
		ms := 600_000
		if test.want != nil {
			ms = 200
		}
		pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", test.script}, &syscall.ProcAttr{Env: []string{"PATH=/usr/bin:/bin"}})
		if err != nil {
			t.Fatal(err)
		}
		status, err := WaitFor(pid, ms)
		if err != test.want || !test.check(status) {
			t.Errorf("WaitFor(%q) = %#x, %v; want %v", test.script, status, err, test.want)
		}
		if _, err := Wait(pid); err != syscall.ECHILD {
			t.Errorf("Wait for %q again = %v; want %v: it is gone", test.script, err, syscall.ECHILD)
		}
	}
}
