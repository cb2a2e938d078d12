// Package fault has a program's system calls fail, one in each run, or two.
//
// strace(1) can do so, too, and costs ten times as much: with injector/injector.c all calls
// of a login can be tried, where with strace it is a few of them.
package fault

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// What is a fault: an error number, or one of these.
type What int

const (
	Undone What = 0  // the call is not made, and answers with the caller's uid
	Kill   What = -1 // instead of the call
	Stop   What = -2 // after the call, and continued
)

// Thread is added to the number of clone(2) where it makes a thread: those calls
// are counted apart.
const Thread = 1 << 16

// Fault is what happens in one run.
type Fault struct {
	Call, Nth int // the nth call of this number
	What      What
	Lasting   bool // and to all later ones of this number
	// After, if it is not 0, is a second fault: Then happens to the so many-th
	// call after the first fault, whichever that is.
	After int
	Then  What
	// Follow: in whichever process makes the call, and not in the first
	// thread of the program alone.
	Follow bool
}

// None is no fault: there is no call of this number.
var None = Fault{Call: 1023, Nth: 1}

// Outcome is what came of it.
type Outcome struct {
	rig.Result
	Hit    bool // the first fault has happened
	Second int  // the number of the call that got the second one, or -1
	// Left: a child has outlived the program. See Injector.Wait.
	Left bool
}

// Injector runs one program of an account's.
type Injector struct {
	t   testing.TB
	in  io.Writer
	out *bufio.Reader
}

const program = "/usr/local/bin/injector"

// Build compiles the injector in a view. It also puts a program in the place of
// shell that is attack.Session, whatever it is called with: a shell that executes it
// does the same, and takes longer to start.
func Build(t testing.TB, shell string) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	sources := filepath.Join(root, "e2e/fault/injector")
	flags := []string{"-static", "-O1", "-Wall", "-Wextra", "-Werror"}
	view.Compile(t, program, flags, sources+"/injector.c")
	view.Compile(t, shell, append(flags, "-Dmain=session"), sources+"/shell.c", filepath.Join(root, "e2e/attack/programs/session.c"))
}

// Start starts the injector. No second fault happens to a call that spare lists.
func Start(t testing.TB, a *rig.Account, spare []int, argv ...string) *Injector {
	t.Helper()
	list := "-1"
	for _, n := range spare {
		list += "," + strconv.Itoa(n)
	}
	args := []string{fmt.Sprint(a.UID), fmt.Sprint(a.GID), rig.Mounter, list}
	cmd := exec.Command(program, append(args, argv...)...)
	cmd.Env, cmd.Dir = a.Env(), "/"
	var said strings.Builder
	cmd.Stderr = &said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("injector: %v\n%s", err, said.String())
		}
	})
	return &Injector{t, in, bufio.NewReader(out)}
}

// Run runs the program once.
func (i *Injector) Run(f Fault) Outcome {
	i.t.Helper()
	number := map[bool]int{true: 1}
	return i.ask(fmt.Sprintln(f.Call, f.Nth, int(f.What), number[f.Lasting], f.After, int(f.Then), number[f.Follow]))
}

// Wait waits until nothing is left of earlier runs.
func (i *Injector) Wait() {
	i.t.Helper()
	i.ask("wait\n")
}

func (i *Injector) ask(line string) (o Outcome) {
	i.t.Helper()
	_, err := io.WriteString(i.in, line)
	var status syscall.WaitStatus
	var hit, left, outSize, errSize int
	if err == nil {
		_, err = fmt.Fscanf(i.out, "%d %d %d %d %d %d\n", &status, &hit, &o.Second, &left, &outSize, &errSize)
	}
	text := make([]byte, outSize+errSize)
	if err == nil {
		_, err = io.ReadFull(i.out, text)
	}
	if err != nil {
		i.t.Fatalf("injector: %q: %v", line, err)
	}
	o.Hit, o.Left = hit == 1, left == 1
	o.Stdout, o.Stderr, o.Status = string(text[:outSize]), string(text[outSize:]), status.ExitStatus()
	if status.Signaled() {
		o.Signal = status.Signal()
	}
	return o
}
