package ctl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/config"
)

// What a session changed is what the policy decides, and what is gone.
func TestEnvChanges(t *testing.T) {
	policy := config.Policy{RuntimeDirectory: true, SetEnv: []config.Setting{{Name: "MINE"}}, Directories: []config.Directory{
		{Path: "/tmp", Method: config.Env, Variables: []string{"TMPDIR", "TMP"}},
		{Path: "/scratch", Method: config.Off, Variables: []string{"SCRATCH"}},
	}}
	before := []string{"HOME=/", "TMPDIR=/tmp/.private/2", "TEMP=/tmp/.private/2", "TMP=/tmp/.private/1", "SCRATCH=/s", "no name"}
	after := []string{"HOME=/", "TMPDIR=/tmp/.private/1", "TMP=/tmp/.private/1", "SCRATCH=/s", "MINE=a=b", "XDG_RUNTIME_DIR=/run/user/1", "no name"}
	want := sessionEnv{
		set: []config.Setting{{Name: "TMPDIR", Value: "/tmp/.private/1"}, {Name: "TMP", Value: "/tmp/.private/1"},
			{Name: "MINE", Value: "a=b"}, {Name: "XDG_RUNTIME_DIR", Value: "/run/user/1"}},
		unset: []string{"TEMP"},
	}
	if diff := cmp.Diff(want, changes(policy, before, after), cmp.AllowUnexported(sessionEnv{})); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// What shells make of it is tested with the shells.
func TestEnvFormats(t *testing.T) {
	e := sessionEnv{set: []config.Setting{{Name: "A", Value: "it's $x \"q\" \\ !\n`id`"}}, unset: []string{"B", "not a; name"}}
	for format, want := range map[string]string{
		"sh":      "unset B\nexport A='it'\\''s $x \"q\" \\ !\n`id`'\n",
		"csh":     "unsetenv B;\nsetenv A 'it'\\''s $x \"q\" \\ \\!\\\n`id`';\n",
		"fish":    "set -e B;\nset -gx A 'it\\'s $x \"q\" \\\\ !\n`id`';\n",
		"systemd": "A=\"it's \\$x \\\"q\\\" \\\\ !\n\\`id\\`\"\n",
		"json":    "{\n  \"set\": {\n    \"A\": \"it's $x \\\"q\\\" \\\\ !\\n`id`\"\n  },\n  \"unset\": [\n    \"B\",\n    \"not a; name\"\n  ]\n}\n",
	} {
		var b bytes.Buffer
		if err := envFormats[format].write(&b, e); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
	for format, want := range map[string][]string{
		"sh": {"A", "B", "C"}, "slurm": {"A", "C"}, "systemd": {"A", "B"}, "json": {"A", "B"},
	} {
		e := sessionEnv{set: []config.Setting{{Name: "A", Value: "é"}, {Name: "B", Value: "1\n2"}, {Name: "C", Value: "\xff"}}}
		e.leaveUnsaid(format)
		var got []string
		for _, s := range e.set {
			got = append(got, s.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(e.missing) != 3-len(want) {
			t.Errorf("%s (-want +got):\n%s%q", format, diff, e.missing)
		}
	}
	if code, stdout, stderr := run("env", "--format", "cmd"); code != ExitUsage || stdout != "" || !strings.Contains(stderr, `--format takes csh, fish, json, sh, slurm or systemd, not "cmd"`) {
		t.Errorf("env --format cmd: %d, %q, %q", code, stdout, stderr)
	}
}
