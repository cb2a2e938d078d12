package rig

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/e2e/view"
)

// output gathers what is written to a pipe.
type output struct {
	read, write *os.File
	mu          sync.Mutex
	text        bytes.Buffer
	changed     chan struct{} // one is waiting when there is more
	end         chan struct{} // closed when nobody holds the pipe any more
}

func newOutput() (*output, error) {
	read, write, err := os.Pipe()
	return &output{read: read, write: write, changed: make(chan struct{}, 1), end: make(chan struct{})}, err
}

// start is to be called when the command has the pipe.
func (o *output) start() {
	o.write.Close()
	go func() {
		defer close(o.end)
		buffer := make([]byte, 64<<10)
		for {
			n, err := o.read.Read(buffer)
			if err != nil {
				return
			}
			o.mu.Lock()
			o.text.Write(buffer[:n])
			o.mu.Unlock()
			select {
			case o.changed <- struct{}{}:
			default:
			}
		}
	}()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// finish is for after the command's end. What it has started itself may hold the
// pipe and have something to say still: it is waited for until it rests, as a
// daemon does.
func (o *output) finish() {
	const looks, every = 10, 100 * time.Millisecond
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, still := "", 0
	for still < looks {
		select {
		case <-o.end:
			o.read.Close()
			return
		case <-o.changed:
			still = 0
		case <-tick.C:
			now, rests := o.holders()
			if still++; !rests || now != last {
				still = 0
			}
			last = now
		}
	}
	o.drain()
	o.read.Close()
	<-o.end
}

// drain waits until the reader has taken what is in the pipe.
func (o *output) drain() {
	conn, err := o.read.SyscallConn()
	for left := 1; err == nil && left > 0; {
		err = conn.Control(func(fd uintptr) { left, _ = unix.IoctlGetInt(int(fd), unix.TIOCINQ) })
		if left > 0 {
			time.Sleep(time.Millisecond)
		}
	}
}

// holders says which other processes have the pipe open and how much they have
// done, and whether all of them rest.
func (o *output) holders() (list string, rest bool) {
	var pipe unix.Stat_t
	conn, err := o.read.SyscallConn()
	if err == nil {
		err = conn.Control(func(fd uintptr) { _ = unix.Fstat(int(fd), &pipe) })
	}
	if err != nil {
		return "", true
	}
	want := fmt.Sprintf("pipe:[%d]", pipe.Ino)
	rest = true
	seen := map[string]bool{fmt.Sprint("/proc/", os.Getpid()): true}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		dir := filepath.Dir(filepath.Dir(link))
		if seen[dir] {
			continue
		}
		if target, _ := os.Readlink(link); target == want {
			seen[dir] = true
			did, rests := view.Rests(dir)
			list += dir + " " + did + "\n"
			rest = rest && rests
		}
	}
	return strings.TrimSpace(list), rest
}
