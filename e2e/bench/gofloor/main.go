// Gofloor is the least that a program with the Go runtime does in the place of
// tmpshell: it becomes another one.
package main

import (
	"os"
	"syscall"
)

func main() {
	if len(os.Args) > 1 {
		_ = syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	}
	os.Exit(126)
}
