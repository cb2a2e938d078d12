package sys

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Errors of ReadFor.
var (
	ErrTimeout = errors.New("no answer in time")
	ErrTooLong = errors.New("the answer is too long")
)

// ReadFor reads to the end of a pipe, for a number of milliseconds and up to
// limit bytes.
func ReadFor(fd, ms, limit int) ([]byte, error) {
	var out []byte
	err := StreamFor(fd, ms, func(text []byte) bool {
		out = append(out, text...)
		return len(out) <= limit
	})
	return out, err
}

// StreamFor reads to the end of a pipe, or until f wants no more (ErrTooLong),
// for a number of milliseconds. f must not keep what it gets.
func StreamFor(fd, ms int, f func(text []byte) bool) error {
	buf := make([]byte, 16<<10)
	end := now() + int64(ms)
	for {
		left := end - now()
		if left <= 0 {
			return ErrTimeout
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, int(left))
		if err == unix.EINTR || err == nil && n == 0 {
			continue
		}
		if err != nil {
			return err
		}
		got, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || got == 0 {
			return err
		}
		if !f(buf[:got]) {
			return ErrTooLong
		}
	}
}

// now is the monotonic clock in milliseconds.
func now() int64 {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // cannot fail, clock_gettime(2)
	return t.Nano() / 1e6
}

// Wait waits for a child and returns how it ended.
func Wait(pid int) (status syscall.WaitStatus, err error) {
	for {
		_, err = syscall.Wait4(pid, &status, 0, nil)
		if err != syscall.EINTR {
			return status, err
		}
	}
}

// WaitFor waits for a child for a number of milliseconds; one that has not
// ended then is killed, and ErrTimeout returned.
func WaitFor(pid, ms int) (syscall.WaitStatus, error) {
	end := now() + int64(ms)
	for pause := int64(100_000); ; pause = min(2*pause, 10_000_000) {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
		if got == pid || err != nil && err != syscall.EINTR {
			return status, err
		}
		if now() >= end {
			_ = syscall.Kill(pid, syscall.SIGKILL) // our child, not yet waited for
			status, err = Wait(pid)
			if err == nil {
				err = ErrTimeout
			}
			return status, err
		}
		t := unix.NsecToTimespec(pause)
		_ = unix.Nanosleep(&t, nil) // sooner is no harm
	}
}
