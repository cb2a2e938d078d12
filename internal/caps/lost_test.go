package caps

import (
	"errors"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// A thread that could not give privilege up runs nothing more with it, says why,
// and is not let go on to a session.
func TestLost(t *testing.T) {
	if err := lose(unix.EPERM); !errors.Is(err, ErrLost) || !errors.Is(err, unix.EPERM) {
		t.Errorf("lose returns %v", err)
	}
	defer func() { lost = nil }()
	_ = lose(unix.EINVAL) // the first reason stays
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // for good: the thread gets its capabilities never back
		refuses(t)
	}()
	<-done
}

func refuses(t *testing.T) {
	ran := func() error {
		t.Error("something is run with privilege all the same")
		return nil
	}
	for name, err := range map[string]error{
		"With":    With(0, ran),
		"AsRoot":  AsRoot(0, ran),
		"KeepOf":  KeepOf(0),
		"Quietly": Quietly(func() error { return nil }),
	} {
		if !errors.Is(err, ErrLost) || !errors.Is(err, unix.EPERM) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
