package audit

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A directory is found while others rename theirs, which openat2(2) gives up for
// where ".." is on the way. An audit once missed one object of 10,000 by that.
func TestDirectoryRenames(t *testing.T) {
	top := t.TempDir()
	for _, d := range []string{"a", "b", "a/moved"} {
		if err := os.Mkdir(top+"/"+d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-end:
				return
			default:
			}
			for _, way := range [][2]string{{"/a/moved", "/b/moved"}, {"/b/moved", "/a/moved"}} {
				if err := os.Rename(top+way[0], top+way[1]); err != nil {
					t.Error(err)
					return
				}
			}
		}
	}()
	for n := range 20000 {
		fd, err := target(unix.Gettid()).directory(unix.AT_FDCWD, top+"/b/../b/../a")
		if err != nil {
			t.Errorf("after %d: %v", n, err)
			break
		}
		unix.Close(fd)
	}
	close(end)
	<-ended
}
