// Tmpshell-remover removes its caller's private directories when no process of
// theirs is left: see tmpshell(8).
package main

import (
	"syscall"

	"tmpshell/internal/remover"
)

func main() { syscall.Exit(remover.Run()) }
