package source

import (
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A file that changes while it is read is read again, and what is returned is
// what was read last.
func TestReadAgain(t *testing.T) {
	path := t.TempDir() + "/file"
	write(t, path, "first")
	reads, text := 0, ""
	s, err := Read(path, func(fd int, _ *bare.Stat) error {
		if reads++; reads == 1 {
			defer write(t, path, "second, and longer")
		}
		var buf [64]byte
		n, e := bare.Read(fd, buf[:])
		text = string(buf[:n])
		if e != 0 {
			return unix.Errno(e)
		}
		return nil
	})
	if err != nil || reads != 2 || text != "second, and longer" || s.Stat.Size != uint64(len(text)) {
		t.Errorf("after %d reads: %q of %d bytes, %v", reads, text, s.Stat.Size, err)
	}
	other, err := Read(path, func(int, *bare.Stat) error { return nil })
	if err != nil || other.Digest != s.Digest {
		t.Errorf("the digest is %x, and %x when nothing is read; %v", s.Digest, other.Digest, err)
	}
}

// One that changes all the time is no source.
func TestReadChanging(t *testing.T) {
	path := t.TempDir() + "/file"
	write(t, path, "")
	text, reads := "", 0
	_, err := Read(path, func(int, *bare.Stat) error {
		reads++
		text += "x"
		write(t, path, text)
		return nil
	})
	if !errors.Is(err, ErrChanging) || reads != attempts {
		t.Errorf("after %d reads: %v; want %v after %d", reads, err, ErrChanging, attempts)
	}
}

// A file is read when the clock of its stamps has gone on: a later change shows.
func TestReadSettles(t *testing.T) {
	path := t.TempDir() + "/file"
	for range 20 {
		write(t, path, "same size")
		s, err := Read(path, func(int, *bare.Stat) error { return nil })
		write(t, path, "size same")
		var after bare.Stat
		if e := bare.StatPath(path, &after); err != nil || e != 0 || after.Ctime == s.Stat.Ctime {
			t.Fatalf("a change at once cannot be told: %v, %v; %v, %v", s.Stat.Ctime, after.Ctime, err, e)
		}
	}
}

// What is not there is no error, a FIFO stops nobody, and an error of the reader's
// is returned.
func TestReadOdd(t *testing.T) {
	dir := t.TempDir()
	none := func(int, *bare.Stat) error { return nil }
	write(t, dir+"/file", "")
	for _, path := range []string{dir + "/missing", dir + "/file/below"} {
		if s, err := Read(path, none); err != nil || s != Gone(path) {
			t.Errorf("%s: %+v, %v; want it gone", path, s, err)
		}
	}
	if err := unix.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	refused := errors.New("no file")
	if _, err := Read(dir+"/fifo", func(int, *bare.Stat) error { return refused }); err != refused {
		t.Errorf("a FIFO: %v", err)
	}
	if err := os.Symlink("loop", dir+"/loop"); err != nil {
		t.Fatal(err)
	}
	if s, err := Read(dir+"/loop", none); !errors.Is(err, unix.ELOOP) || !s.Barred {
		t.Errorf("a link to itself: %+v, %v; want it barred", s, err)
	}
}

// A clock that is ahead, as a file server's, is not waited for.
func TestSettleIsBounded(t *testing.T) {
	began := time.Now()
	settle(bare.Time{Sec: began.Unix() + 1000})
	if waited := time.Since(began); waited < patience {
		t.Errorf("after %v; want to be waited for %v", waited, patience)
	}
}
