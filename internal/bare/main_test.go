package bare

import (
	"os"
	"testing"
	_ "unsafe" // go:linkname
)

// The program that package bare begins. It is linked into the tests, and never
// called.
//
//go:linkname testProgram tmpshell_program
func testProgram(*Block) {}

//go:linkname testFault tmpshell_fault
func testFault() {}

func TestMain(m *testing.M) {
	if how := os.Getenv(closedVariable); how != "" {
		os.Exit(insideClosed(how))
	}
	os.Exit(m.Run())
}
