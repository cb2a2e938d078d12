// Tmpshell-helper compiles the configuration and makes its caller's private
// directories: see tmpshell-helper(8).
package main

import (
	"syscall"

	"tmpshell/internal/helper"
)

func main() { syscall.Exit(helper.Run()) }
