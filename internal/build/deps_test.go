package build_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	// What the programs are made of: go test runs this test again, in place
	// of telling its last result, when any of it has changed.
	_ "tmpshell/internal/helper"
	_ "tmpshell/internal/launch"
	_ "tmpshell/internal/remover"
)

var update = flag.Bool("update", false, "write the lists in testdata anew")

// forbidden is what no login pays for, and why.
var forbidden = map[string]string{
	"C":             "the programs are static, and start without a dynamic loader",
	"net":           "resolver and poller at start-up; the system log is a socket of its own, see package syslog",
	"os/exec":       "searches the caller's PATH and starts goroutines; getent and the helper have absolute paths",
	"os/user":       "links cgo, or reads other files than package account",
	"os/signal":     "starts a goroutine that takes signals which are the session's",
	"fmt":           "reflection and tables, most of a millisecond at start-up",
	"log":           "links fmt",
	"log/slog":      "links fmt",
	"log/syslog":    "links net",
	"regexp":        "no grammar here needs one, and its init costs",
	"encoding/json": "reflection; JSON is tmpshellctl's",
	"encoding/gob":  "reflection",
	"text/template": "reflection",
	"flag":          "links fmt; tmpshell has no flags of its own",
	"plugin":        "the programs are static",
	"runtime/cgo":   "the programs are static, and start without a dynamic loader",
}

// TestDependencies holds each program that runs at a login to a list. Packages
// inside the standard library are Go's own affair and not listed.
func TestDependencies(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		const missing = "missing: the go command; run the tests with go test, not from a test binary"
		if os.Getenv("TMPSHELL_MUST_RUN") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	for _, program := range []string{"tmpshell", "tmpshell-helper", "tmpshell-supervise", "tmpshell-remover"} {
		got := dependencies(t, program)
		for _, dep := range got {
			if why, bad := forbidden[dep]; bad {
				t.Errorf("%s links %s, which is forbidden: %s", program, dep, why)
			}
		}
		file := "testdata/deps-" + program + ".txt"
		if *update {
			if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Fields(string(text)), got); diff != "" {
			t.Errorf("%s links other packages than internal/build/%s says (-want +got):\n%s"+
				"every login pays for what is new; if it is worth that, run: go test ./internal/build -run TestDependencies -update",
				program, file, diff)
		}
	}
}

// dependencies lists what a program links, sorted.
func dependencies(t *testing.T, program string) []string {
	t.Helper()
	c := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}", "tmpshell/cmd/"+program)
	c.Env = goEnvironment()
	out, err := c.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = errors.New(string(exit.Stderr))
		}
		t.Fatalf("go list %s: %v", program, err)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		path, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		elements := strings.Split(path, "/")
		if standard == "true" && (slices.Contains(elements, "internal") || elements[0] == "vendor") {
			continue
		}
		list = append(list, path)
	}
	slices.Sort(list)
	return list
}
