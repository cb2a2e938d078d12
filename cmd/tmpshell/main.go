// Tmpshell is the login shell wrapper: see tmpshell(8).
//
// It is linked with an entry point of its own (-E tmpshell_entry, package bare),
// from which launch.Run is called; main never is.
package main

import _ "tmpshell/internal/launch"

func main() { panic("tmpshell was built without its entry point: use make build") }
