package build_test

import (
	"errors"
	"go/version"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/guard"

	// What the programs are made of: go test runs this test again, in place
	// of telling its last result, when any of it has changed.
	_ "tmpshell/internal/helper"
	_ "tmpshell/internal/launch"
	_ "tmpshell/internal/remover"
)

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

// TestDependencies holds each program to a list, and those that run at a login to
// what is forbidden, too. Packages
// inside the standard library are Go's own affair and not listed.
func TestDependencies(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		const missing = "missing: the go command; run the tests with go test, not from a test binary"
		if os.Getenv("TMPSHELL_MUST_RUN") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	for _, program := range []string{"tmpshell", "tmpshell-helper", "tmpshell-supervise", "tmpshell-remover", "tmpshellctl"} {
		got := dependencies(t, program)
		for _, dep := range got {
			if why, bad := forbidden[dep]; bad && program != "tmpshellctl" {
				t.Errorf("%s links %s, which is forbidden: %s", program, dep, why)
			}
		}
		want := guard.Costs.Links(program)
		if program == "tmpshellctl" && anotherGo(t) {
			want, got = slices.DeleteFunc(slices.Clone(want), isStandard), slices.DeleteFunc(got, isStandard)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s links other packages than internal/guard/costs.txt says (-want +got):\n%s"+
				"what is new is one more thing to start, to trust and to keep up to date", program, diff)
		}
	}
}

// anotherGo: the list is that of the Go in go.mod. A later one may have its standard
// library link other parts of itself, as encoding/json of 1.27 does.
func anotherGo(t *testing.T) bool {
	t.Helper()
	c := exec.Command("go", "list", "-m", "-f", "go{{.GoVersion}}")
	c.Env = goEnvironment()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list -m: %v", err)
	}
	return version.Lang(strings.TrimSpace(string(out))) != version.Lang(runtime.Version())
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != "tmpshell" && !strings.Contains(first, ".")
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
