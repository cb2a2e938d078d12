// Command relay stands for the launcher in the tests. It becomes the program
// that $RELAY names and hands on everything as it found it. With $RELAY_WAIT it
// waits for a line on descriptor 8 first; with $RELAY_FAIL it tries a program
// that does not exist before; with $RELAY_BUSY another thread asks for memory all
// the time; with $RELAY_CHILD it has that as a child first; with $RELAY_PANIC it
// panics, after Disarm if that says "disarmed".
package main

import (
	"strings"
	"syscall"
	"time"

	"tmpshell/internal/start"
)

func main() {
	env := start.Environ()
	program, _ := lookup(env, "RELAY")
	if _, ok := lookup(env, "RELAY_WAIT"); ok {
		syscall.Write(7, []byte("ready\n"))
		syscall.Read(8, make([]byte, 1))
	}
	if child, ok := lookup(env, "RELAY_CHILD"); ok {
		pid, err := syscall.ForkExec(child, []string{child}, &syscall.ProcAttr{})
		if err == nil {
			syscall.Wait4(pid, nil, 0, nil)
		}
	}
	if how, ok := lookup(env, "RELAY_PANIC"); ok {
		if how == "disarmed" {
			start.Disarm()
		}
		panic("boom")
	}
	if _, ok := lookup(env, "RELAY_BUSY"); ok {
		go func() {
			for {
				memory = append(memory, make([]byte, 4<<20)) // never touched
			}
		}()
		<-time.After(time.Millisecond) // it has a thread of its own then
	}
	if _, ok := lookup(env, "RELAY_FAIL"); ok {
		start.Exec("/nonexistent", start.Args(), env)
	}
	err := start.Exec(program, start.Args(), env)
	syscall.Write(2, []byte("relay: "+program+": "+err.Error()+"\n"))
	syscall.Exit(127)
}

// memory is what RELAY_BUSY allocates.
var memory [][]byte

func lookup(env []string, name string) (string, bool) {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value, true
		}
	}
	return "", false
}
