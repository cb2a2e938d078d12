// Command relay stands for the launcher in the tests: it becomes the program
// that its first argument names, with its own arguments from the second on and
// everything else as it found it.
package main

import (
	"syscall"

	"tmpshell/internal/start"
)

func main() {
	args := start.Args()
	if len(args) < 2 {
		say("relay: no program")
		syscall.Exit(125)
	}
	if err := start.Restore(); err != nil {
		say("relay: " + err.Error())
	}
	err := syscall.Exec(args[1], args[1:], start.Environ())
	say("relay: " + args[1] + ": " + err.Error())
	syscall.Exit(127)
}

func say(text string) { syscall.Write(2, []byte(text+"\n")) }
