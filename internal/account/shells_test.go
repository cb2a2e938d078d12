package account

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShells(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil,
		"# /etc/shells: valid login shells\n/bin/sh\n\n/bin/bash\n": {"/bin/sh", "/bin/bash"},
		"/bin/sh":                         {"/bin/sh"},
		"  /bin/sh  \n\t/bin/zsh\t# mine": {"/bin/sh", "/bin/zsh"},
		"/bin/sh\r\n/bin/bash\r\n":        {"/bin/sh", "/bin/bash"},
		"bash\n./sh\n#/bin/sh\n":          nil,
		"/bin/sh#old\n":                   {"/bin/sh"},
		"/bin/sh\n/bin/sh\n":              {"/bin/sh", "/bin/sh"},
		"/opt/my shell\n":                 {"/opt/my shell"},
	} {
		if diff := cmp.Diff(want, Shells(file(t, text))); diff != "" {
			t.Errorf("Shells of %q (-want +got):\n%s", text, diff)
		}
	}
	for _, path := range []string{"", t.TempDir(), t.TempDir() + "/none"} {
		if got := Shells(path); got != nil {
			t.Errorf("Shells(%q) = %q; want none", path, got)
		}
	}
}

func TestShellsNamed(t *testing.T) {
	list := []string{"/bin/sh", "/bin/zsh", "/usr/bin/zsh", "/opt/zsh/bash", "/usr/bin/tmpshell-zsh"}
	for name, want := range map[string][]string{
		"zsh": {"/bin/zsh", "/usr/bin/zsh"}, "sh": {"/bin/sh"}, "bash": {"/opt/zsh/bash"},
		"": nil, "fish": nil, "/bin/sh": nil, "bin/zsh": nil, "z*": nil, "..": nil,
	} {
		if diff := cmp.Diff(want, ShellsNamed(list, name)); diff != "" {
			t.Errorf("ShellsNamed(%q) (-want +got):\n%s", name, diff)
		}
	}
}
