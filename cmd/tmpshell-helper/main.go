// Tmpshell-helper makes its caller's private directories: see tmpshell(8).
package main

import (
	"syscall"

	"tmpshell/internal/account"
	"tmpshell/internal/helper"
	_ "tmpshell/internal/start" // nothing of the caller's environment reaches the runtime
)

func main() {
	syscall.Exit(helper.Run(account.NewSession(account.System())))
}
