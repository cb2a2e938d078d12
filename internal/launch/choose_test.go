package launch

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/config"
)

func TestCandidates(t *testing.T) {
	shells := []string{"/bin/sh", "/bin/bash", "/bin/zsh", "/usr/bin/zsh", "/usr/bin/tmpshell", "/usr/bin/tmpshell-zsh", "/opt/link"}
	noBash := []string{"/bin/sh", "/usr/bin/bash"}
	for _, test := range []struct {
		name   string
		called string
		conf   string
		passwd string
		shells []string
		self   []string // files that are tmpshell
		want   string
	}{
		{"nothing known", "tmpshell", "", "", nil, nil, "/bin/sh"},
		{"/etc/shells lists bash", "tmpshell", "", "", shells, nil, "/bin/bash /bin/sh"},
		{"/etc/shells lists another bash", "tmpshell", "", "", noBash, nil, "/bin/sh"},
		{"passwd entry", "-tmpshell", "", "/bin/dash", shells, nil, "/bin/dash /bin/bash /bin/sh"},
		{"passwd entry not in /etc/shells", "tmpshell", "", "/opt/sh", noBash, nil, "/opt/sh /bin/sh"},
		{"nologin in passwd", "tmpshell", "", "/opt/nologin", shells, nil, "/opt/nologin"},
		{"nologin by name", "tmpshell-nologin", "", "/bin/dash", shells, nil, "/usr/sbin/nologin /sbin/nologin"},
		{"false by name, listed", "tmpshell-false", "", "", []string{"/usr/bin/false"}, nil, "/usr/bin/false /bin/false"},
		{"false configured", "tmpshell-zsh", "/bin/false", "/bin/zsh", shells, nil, "/bin/false"},
		{"a link in passwd, called otherwise", "/usr/bin/tmpshell", "", "/usr/bin/tmpshell-zsh", shells, nil,
			"/bin/zsh /usr/bin/zsh /bin/bash /bin/sh"},
		{"a link to none in passwd", "tmpshell", "", "/usr/bin/tmpshell-nosuch", shells, nil, "/bin/bash /bin/sh"},
		{"name", "-tmpshell-zsh", "", "", shells, nil, "/bin/zsh /usr/bin/zsh /bin/bash /bin/sh"},
		{"name not in /etc/shells", "tmpshell-fish", "", "/bin/dash", shells, nil, "/bin/dash /bin/bash /bin/sh"},
		{"configuration", "tmpshell", "/bin/ksh", "", nil, nil, "/bin/ksh /bin/sh"},
		{"all steps in order", "/usr/bin/tmpshell-zsh", "/bin/ksh", "/bin/dash", shells, nil,
			"/bin/ksh /bin/zsh /usr/bin/zsh /bin/dash /bin/bash /bin/sh"},
		{"each once", "tmpshell-bash", "/bin/bash", "/bin/bash", []string{"/bin/bash", "/bin/bash", "/bin/sh"}, nil, "/bin/bash /bin/sh"},
		{"each once, sh", "tmpshell-sh", "/bin/sh", "/bin/sh", shells, nil, "/bin/sh /bin/bash"},
		{"tmpshell in passwd", "-tmpshell", "", "/usr/bin/tmpshell", shells, nil, "/bin/bash /bin/sh"},
		{"a link to tmpshell in passwd", "-tmpshell-zsh", "", "/usr/bin/tmpshell-zsh", shells, nil,
			"/bin/zsh /usr/bin/zsh /bin/bash /bin/sh"},
		{"a wrapper's name anywhere", "tmpshell", "/opt/tmpshell-x", "/nowhere/tmpshell", nil, nil, "/bin/sh"},
		{"tmpshell under another name", "-tmpshell-zsh", "/opt/link", "/bin/zsh", shells, []string{"/opt/link", "/bin/zsh"},
			"/usr/bin/zsh /bin/bash /bin/sh"},
		{"bash is tmpshell", "tmpshell", "", "/bin/bash", shells, []string{"/bin/bash"}, "/bin/sh"},
		{"not absolute", "tmpshell", "bash", "zsh", nil, nil, "/bin/sh"},
		{"all of them tmpshell", "tmpshell", "/bin/a", "/bin/b", shells, []string{"/bin/a", "/bin/b", "/bin/bash", "/bin/sh"}, ""},
	} {
		inv, err := ParseInvocation([]string{test.called}, nil)
		if err != nil {
			t.Fatal(err)
		}
		c := candidates{
			inv: inv, policy: config.Policy{Shell: test.conf},
			passwd: func() string { return test.passwd },
			shells: func() []string { return test.shells },
			isSelf: func(path string) bool { return slices.Contains(test.self, path) },
		}
		var tried []string
		if c.each(func(path string) bool { tried = append(tried, path); return false }) {
			t.Errorf("%s: each = true where no candidate is good; want false", test.name)
		}
		if diff := cmp.Diff(strings.Fields(test.want), tried, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: candidates (-want +got):\n%s", test.name, diff)
		}
		// It stops at the first good one, whichever that is.
		for i, good := range tried {
			n := 0
			if !c.each(func(path string) bool { n++; return path == good }) || n != i+1 {
				t.Errorf("%s: each tries %d candidates for %s; want %d, then true", test.name, n, good, i+1)
			}
		}
	}
}

// What an earlier step answers is not looked up further on.
func TestCandidatesLookUpLate(t *testing.T) {
	c := candidates{
		inv: Invocation{Name: "tmpshell"}, policy: config.Policy{Shell: "/bin/ksh"},
		passwd: func() string {
			t.Error("the passwd entry was looked up; want the configuration's shell alone")
			return ""
		},
		shells: func() []string { t.Error("/etc/shells was read; want the configuration's shell alone"); return nil },
		isSelf: func(string) bool { return false },
	}
	if !c.each(func(string) bool { return true }) {
		t.Error("each = false; want true")
	}
}

func TestSelfCheck(t *testing.T) {
	dir := t.TempDir()
	isSelf := selfCheck()
	for file, want := range map[string]bool{"/proc/self/exe": true, "/bin/sh": false, dir: false, path.Join(dir, "none"): false} {
		if got := isSelf(file); got != want {
			t.Errorf("isSelf(%s) = %v; want %v", file, got, want)
		}
	}
}
