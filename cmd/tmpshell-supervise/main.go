// Tmpshell-supervise stays beside a session, or above a program: see tmpshell(8).
//
// It is linked with an entry point of its own (-E tmpshell_entry, package bare),
// from which supervise.Run is called; main never is.
package main

import _ "tmpshell/internal/supervise"

func main() { panic("tmpshell-supervise was built without its entry point: use make build") }
