// Package e2e tests the installed programs with their real callers: sshd,
// login, su, sudo, cron, runc. Each test has a view of the machine of its
// own (package view) and does in it what an administrator would (package rig).
package e2e

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

func TestMain(m *testing.M) {
	rig.Main()
	view.Main()
	flag.Parse()
	if err := view.CheckFresh(); err != nil && !testing.Short() {
		fmt.Println("e2e:", err)
		os.Exit(1)
	}
	// Most tests wait for daemons and clocks most of the time; as many at
	// once as there are processors would leave the processors idle.
	const atOnce = 6
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked && !view.Inside() {
		_ = flag.Set("test.parallel", strconv.Itoa(atOnce))
	}
	sample.Seed() // one for all the views
	status := m.Run()
	if !view.Inside() {
		told := publish(view.Told())
		tell(told+total(told), status)
	}
	os.Exit(status)
}

// publish takes what is for a document out of what the tests have told: the
// benchmarks'.
var publish = func(told string) string { return told }

// tablesVar names a file for the tables: of packages that pass, go test shows
// what they print with -v alone, and with it too much.
const tablesVar = "TMPSHELL_TABLES"

func tell(tables string, status int) {
	if file := os.Getenv(tablesVar); file != "" {
		if err := os.WriteFile(file, []byte(tables), 0o644); err != nil {
			fmt.Println(err)
		}
	}
	if status != 0 {
		fmt.Printf("the shares were chosen by the seed: %s=%d\n", sample.SeedVar, sample.Seed())
	}
	if testing.Verbose() || status != 0 {
		fmt.Print(tables)
	}
}
