// Tmpshellctl is the administrator's program: see tmpshellctl(8).
package main

import (
	"os"

	"tmpshell/internal/ctl"
)

func main() {
	os.Exit(ctl.Main())
}
