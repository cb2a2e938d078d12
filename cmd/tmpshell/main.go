// Tmpshell is the login shell wrapper: see tmpshell(8).
package main

import (
	"runtime"
	"syscall"

	"tmpshell/internal/launch"
)

// Capabilities, file-system ids and what execve keeps belong to a thread, some
// of it to the first one only.
func init() { runtime.LockOSThread() }

func main() {
	syscall.Exit(launch.Main())
}
