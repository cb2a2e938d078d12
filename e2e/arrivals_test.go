package e2e

import (
	"bufio"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

const arrivalsProgram = "/run/arrivals"

// arrivals are logins to a clean system that never stop coming, of users who have not
// been there before (e2e/arrivals/arrivals.c).
type arrivals struct {
	name  string
	loops int32
	// logins have ended, bad of them without their private directory.
	logins, bad atomic.Int32

	cmd  *exec.Cmd
	in   io.Closer
	read sync.WaitGroup
}

// compileArrivals puts the program into the system.
func (r cleanRoot) compileArrivals(t *testing.T) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	view.Compile(t, filepath.Join(r.dir, arrivalsProgram), []string{"-static", "-O1", "-Wall", "-Wextra", "-Werror"}, filepath.Join(root, "e2e/arrivals/arrivals.c"))
}

// arrive begins: users from a uid on, in so many loops at once, whose method is env or
// mount.
func (r cleanRoot) arrive(t *testing.T, loops int, first uint32, method string) *arrivals {
	t.Helper()
	c := r.command(arrivalsProgram, strconv.Itoa(loops), strconv.Itoa(int(first)), method)
	a := &arrivals{name: method, loops: int32(loops), cmd: &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env}}
	in, err := a.cmd.StdinPipe()
	out, err2 := a.cmd.StdoutPipe()
	if err = errors.Join(err, err2, a.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	a.in = in
	a.read.Go(func() { a.count(t, bufio.NewReader(out)) })
	t.Cleanup(func() { _ = in.Close() }) // also after a Fatal
	return a
}

// count takes each '.' for a good login, and each line for a bad one.
func (a *arrivals) count(t *testing.T, out *bufio.Reader) {
	for {
		switch c, err := out.ReadByte(); {
		case err != nil:
			return
		case c != '.':
			line, _ := out.ReadString('\n')
			if a.bad.Add(1) < 5 {
				t.Errorf("%s: %c%s", a.name, c, line)
			}
			fallthrough
		default:
			a.logins.Add(1)
		}
	}
}

// some waits until so many logins have both begun and ended from now on: of those that
// end next, there is one in each loop that has begun before.
func (a *arrivals) some(t *testing.T, n int32) {
	t.Helper()
	want := a.logins.Load() + a.loops + n
	rig.Await(t, func() string { return "no login ends" }, func() bool { return a.logins.Load() >= want })
}

// end lets the last users in, and tells whether the program ended well.
func (a *arrivals) end(t *testing.T) {
	t.Helper()
	_ = a.in.Close()
	a.read.Wait()
	if err := a.cmd.Wait(); err != nil {
		t.Errorf("arrivals: %v", err)
	}
}
