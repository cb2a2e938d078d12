package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tmpshell/e2e/view"
)

// TestSELinuxModule: the policy module is one, and labels files with types that it has, or
// requires of the policy that it is loaded into. What it allows is tried in a guest, see
// docs/testing.md.
func TestSELinuxModule(t *testing.T) {
	view.Need(t, "checkmodule", "semodule_package")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	source, dir := root+"/etc/selinux/tmpshell.", t.TempDir()
	for _, command := range [][]string{
		{"checkmodule", "-M", "-m", "-o", filepath.Join(dir, "tmpshell.mod"), source + "te"},
		{"semodule_package", "-o", filepath.Join(dir, "tmpshell.pp"), "-m", filepath.Join(dir, "tmpshell.mod"), "-f", source + "fc"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command[0], err, out)
		}
	}
	rules := readSource(t, "etc/selinux/tmpshell.te")
	types := regexp.MustCompile(`object_r:(\w+):`).FindAllStringSubmatch(readSource(t, "etc/selinux/tmpshell.fc"), -1)
	if len(types) == 0 {
		t.Error("tmpshell.fc labels nothing")
	}
	for _, typ := range types {
		if !regexp.MustCompile(`(?m)^\s*type\s[^;]*\b` + typ[1] + `\b`).MatchString(rules) {
			t.Errorf("tmpshell.fc has the type %s, and tmpshell.te does not", typ[1])
		}
	}
	for program := range strings.FieldsSeq("helper session remover") {
		if !strings.Contains(rules, "tmpshell_"+program+"_exec_t") {
			t.Errorf("tmpshell.te does not know tmpshell-%s", program)
		}
	}
}
