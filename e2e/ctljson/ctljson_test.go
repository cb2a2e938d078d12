// Package ctljson tests what tmpshellctl prints with --json. It is apart from the other
// end-to-end tests, which are executed twice for each view: to initialize the validator
// costs half of what starting them does.
package ctljson

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

func TestMain(m *testing.M) {
	view.Main()
	flag.Parse()
	if err := view.CheckFresh(); err != nil && !testing.Short() {
		fmt.Println("ctljson:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestCtlJSON: what each verb prints with --json is valid by the schema that is
// installed.
func TestCtlJSON(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	rig.Install(t, "SetEnv A=1", "Match User alice,nobody-there", "Directory /tmp mount share=.X11-unix/", "Ambient cap_net_raw")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	rig.Must(t, "sh", "-ec", "echo '/tmp /tmp-inst/ context root' >/etc/security/namespace.conf")
	for _, c := range []struct{ verb, args string }{
		{"setup", "setup"}, {"setup", "enable alice root --dry-run"}, {"setup", "disable --all"},
		{"check", "check"}, {"check", "check /etc/passwd"}, {"show", "show alice"}, {"show", "show"},
		{"doctor", "doctor"}, {"doctor", "doctor --only sysctl"}, {"env", "env"}, {"import", "import"}, {"path", "path /tmp/x"}, {"version", "version"},
		{"status", "status"}, {"status", "status --contained"}, {"clean", "clean --contained --dry-run"}, {"clean", "clean --contained --grace 0"},
		{"clean", "purge alice --contained"}, {"audit", "audit true"}, {"audit", "audit -- touch /tmp/file"}, {"audit-list", "audit --list"},
	} {
		if c.verb == "status" || c.verb == "clean" {
			alice.Login(t, "touch $TMPDIR/x")
		}
		schema, err := jsonschema.NewCompiler().Compile("file://" + filepath.ToSlash(root) + "/etc/schema/tmpshellctl.json#/$defs/" + c.verb)
		if err != nil {
			t.Fatal(err)
		}
		r := rig.Sh(t, "tmpshellctl --json "+c.args)
		text := r.Stdout
		if c.verb == "audit" { // the standard output is the program's
			text = r.Stderr
		}
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
		if err == nil {
			err = schema.Validate(document)
		}
		if err != nil || r.Status > 1 {
			t.Errorf("%s: %d, %v\n%s%s", c.args, r.Status, err, r.Stdout, r.Stderr)
		}
	}
}
