// Tmpshell is the login shell wrapper: see tmpshell(8).
package main

import (
	"syscall"

	"tmpshell/internal/launch"
)

func main() {
	syscall.Exit(launch.Main())
}
