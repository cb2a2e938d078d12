package launch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseReasons(t *testing.T) {
	for _, test := range []struct {
		said    string
		general string
		byPath  map[string]string
	}{
		{"", "", nil},
		{"tmpshell-helper: it has no capabilities\n", "it has no capabilities", nil},
		{"no prefix, no newline", "no prefix, no newline", nil},
		{"tmpshell-helper: cannot make /tmp/.private/1: mkdirat /tmp: no space: left\n" +
			"tmpshell-helper: cannot make /a/.private/1: read-only\ntmpshell-helper: the policy is not known: x\nmore\n",
			"the policy is not known: x",
			map[string]string{"/tmp/.private/1": "mkdirat /tmp: no space: left", "/a/.private/1": "read-only"}},
		{"tmpshell-helper: cannot make nothing", "", map[string]string{"nothing": ""}},
	} {
		got := parseReasons(test.said)
		if diff := cmp.Diff(test.byPath, got.byPath, cmpopts.EquateEmpty()); diff != "" || got.general != test.general {
			t.Errorf("parseReasons(%q): general %q, want %q (-want +got):\n%s", test.said, got.general, test.general, diff)
		}
	}
	r := Reasons{byPath: map[string]string{"/a": "full"}, general: "all"}
	if r.of("/a") != "full" || r.of("/b") != "all" || (Reasons{}).of("/a") != "" {
		t.Errorf("of = %q, %q; want full, all", r.of("/a"), r.of("/b"))
	}
}

// The helper's answers, from a script in its place.
func TestRunHelper(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "helper")
	for _, test := range []struct {
		name, script string
		general      string
		reason       string // for /tmp/.private/1
		setup        bool
	}{
		{"done", "exit 0", "", "", false},
		{"done, with words", "echo x >&2; exit 0", "", "", false},
		{"one failed", "echo 'tmpshell-helper: cannot make /tmp/.private/1: full' >&2; exit 1", "", "full", false},
		{"all failed", "echo 'tmpshell-helper: the policy is not known: x' >&2; exit 1", path + ": the policy is not known: x", path + ": the policy is not known: x", false},
		{"not set up", "echo 'tmpshell-helper: it has no capabilities' >&2; exit 2", path + ": it has no capabilities", path + ": it has no capabilities", true},
		{"killed", "kill -9 $$", path + ": killed by a signal: killed", path + ": killed by a signal: killed", false},
		{"talks without end", "exec head -c 100000 /dev/zero", path + ": the answer is too long", path + ": the answer is too long", false},
	} {
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+test.script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		r := runHelper(path)
		if r.general != test.general || r.of("/tmp/.private/1") != test.reason || r.setup != test.setup {
			t.Errorf("%s: general %q, reason %q, setup %v; want %q, %q, %v", test.name,
				r.general, r.of("/tmp/.private/1"), r.setup, test.general, test.reason, test.setup)
		}
	}
	if r := runHelper(dir + "/none"); r.general != dir+"/none: no such file or directory" || !r.setup {
		t.Errorf("without a helper: %+v; want no such file or directory, and setup", r)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if r := runHelper(path); r.general != path+": permission denied" || r.setup {
		t.Errorf("a helper that may not be run: %+v; want permission denied", r)
	}
}

// The helper gets nothing from the caller.
func TestRunHelperSeesNothing(t *testing.T) {
	t.Setenv("TMPSHELL_TEST_SECRET", "1")
	path := filepath.Join(t.TempDir(), "helper")
	script := `#!/bin/sh
for fd in 0 1 2; do t="$t $(readlink /proc/$$/fd/$fd)"; done
echo "$# $(pwd) [$(tr '\0' ' ' </proc/$$/environ)]" $(echo $t | tr ' ' '\n' | sort -u | sed 's/:.*//')
exit 1
`
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if r := runHelper(path); r.general != path+": 0 / [] pipe" {
		t.Errorf("the helper sees %q; want no argument, /, no environment, one pipe", r.general)
	}
}
