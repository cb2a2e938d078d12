package build_test

import (
	"path/filepath"
	"testing"

	"tmpshell/internal/policy"
	"tmpshell/internal/policy/policytest"
	"tmpshell/internal/testas"
)

// Where the launcher has a fault, and which: see fault_inject.go of package
// launch.
var (
	faultStages = []struct{ letter, name string }{
		{"0", "start"}, {"1", "call"}, {"2", "policy"}, {"3", "directories"}, {"4", "end"},
	}
	faultKinds = []struct{ letter, name string }{
		{"b", "index"}, {"s", "slice"}, {"n", "nil pointer"}, {"w", "read-only memory"}, {"a", "wild pointer"},
		{"d", "division by zero"}, {"r", "stack"}, {"c", "nil function"}, {"l", "length"},
	}
)

// faultPolicies are what the configuration demands of the session.
func faultPolicies() map[string][]byte {
	slots := []policytest.Slot{
		{Kind: policy.SlotDeny}, {Kind: policy.SlotShell}, {Kind: policy.SlotNoNewPriv},
		{Kind: policy.SlotMethod, Name: "/tmp"}, {Kind: policy.SlotOption, Name: "/tmp", Option: policy.OptVariables},
	}
	with := func(settings ...policytest.Setting) []byte {
		settings = append(settings, policytest.Setting{Slot: 3, Number: policy.Env}, policytest.Setting{Slot: 4, Text: "TMPDIR"})
		return policytest.Policy{Slots: slots, Blocks: []policytest.Block{{Settings: settings}}}.Bytes()
	}
	return map[string][]byte{
		"nothing":         with(),
		"deny":            with(policytest.Setting{Slot: 0, Number: 1}),
		"Shell":           with(policytest.Setting{Slot: 1, Text: "/bin/dash"}),
		"NoNewPrivileges": with(policytest.Setting{Slot: 2, Number: 1}),
		"mount":           with(policytest.Setting{Slot: 3, Number: policy.Mount}),
		"":                nil,
	}
}

// TestFaults has the launcher fault: there is one line, and a plain session where
// it is known that nothing is demanded, else none.
func TestFaults(t *testing.T) {
	testas.Root(t)
	list := asked() // compiling for one more is most of what this takes
	if len(list) == 0 {
		list = processors[:1]
	}
	for _, p := range list {
		t.Run(p.goarch, func(t *testing.T) {
			emulator := p.emulator(t)
			program := filepath.Join(t.TempDir(), "tmpshell")
			buildFor(t, p.goarch, "build", "-tags=faulttest", "-ldflags=-E tmpshell_entry", "-o", program, "tmpshell/cmd/tmpshell")
			faultsOn(t, emulator, program)
		})
	}
}

const (
	faultLine    = "tmpshell: internal error: please report it\n"
	plainSession = faultLine + "session /given bash\n"
)

func faultsOn(t *testing.T, emulator []string, program string) {
	tried := 0
	var noPrivate bool
	try := func(what string, uid uint32, file []byte, fault, want string, code int) {
		t.Helper()
		tried++
		s := start{uid: uid, policy: file, noPrivate: noPrivate, argv0: "tmpshell", args: []string{"-c", "echo session $TMPDIR $0"},
			env: []string{"TMPDIR=/given", "TMPSHELL_FAULT=" + fault}}
		got, ended := s.run(t, emulator, program)
		if got != want || ended != code {
			t.Errorf("%s, uid %d: %d, %q; want %d, %q", what, uid, ended, got, code, want)
		}
	}
	policies := faultPolicies()
	for _, kind := range faultKinds {
		for _, stage := range faultStages {
			// One processor takes every kind to every stage.
			if len(emulator) > 0 && stage.letter != "2" {
				continue
			}
			what := kind.name + " at " + stage.name
			fault := stage.letter + kind.letter
			known := stage.letter >= "2"
			if known {
				try(what+", nothing demanded", 61001, policies["nothing"], fault, plainSession, 0)
				try(what+", nothing demanded", 0, policies["nothing"], fault, plainSession, 0)
				try(what+", deny", 0, policies["deny"], fault, faultLine, 125)
			} else {
				try(what+", nothing demanded", 61001, policies["nothing"], fault, faultLine, 125)
				// Root has to be able to log in.
				try(what+", deny", 0, policies["deny"], fault, plainSession, 0)
			}
			try(what+", deny", 61001, policies["deny"], fault, faultLine, 125)
		}
	}
	for name, file := range policies {
		if name == "nothing" || name == "" {
			continue
		}
		try("at the end, "+name, 61001, file, "4b", faultLine, 125)
	}
	// Another fault on the way to the plain session ends it.
	try("two faults", 61001, policies["nothing"], "2b!", faultLine, 125)
	try("two faults", 0, policies["nothing"], "3r!", faultLine, 125)
	// Where a user is asked for, nothing is run as root instead.
	s := start{policy: policies["nothing"], argv0: "tmpshell", args: []string{"--exec", "--user", "nobody", "--", "/bin/busybox", "id"}, env: []string{"TMPSHELL_FAULT=1b"}}
	if got, code := s.run(t, emulator, program); got != faultLine || code != 125 {
		t.Errorf("before --user: %d, %q; want 125, %q", code, got, faultLine)
	}
	noPrivate = true
	// A fault of a child's is silent, begins no session, and is no answer.
	const kept = "tmpshell: /usr/libexec/tmpshell-helper: it failed and gave no reason; no session\n"
	try("in the helper's parent, nothing demanded", 61001, policies["nothing"], "5b", "session /given bash\n", 0)
	try("in the helper's parent, deny", 61001, policies["deny"], "5r", kept, 125)
	try("in the helper's parent, Shell", 61001, policies["Shell"], "5n", kept, 125)
	t.Logf("%d faults", tried)
	if tried < 20 {
		t.Errorf("%d faults tried", tried)
	}
}
