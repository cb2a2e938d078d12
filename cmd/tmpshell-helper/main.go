// Tmpshell-helper makes its caller's private directories: see tmpshell(8).
package main

import (
	"runtime"
	"syscall"

	"tmpshell/internal/account"
	"tmpshell/internal/helper"
)

// Capabilities and file-system ids belong to a thread.
func init() { runtime.LockOSThread() }

func main() {
	syscall.Exit(helper.Run(account.NewSession(account.System())))
}
