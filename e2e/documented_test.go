package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// documentedElsewhere are blocks that another test runs, by what is in them.
var documentedElsewhere = map[string]string{
	"make install": "TestMakeInstall", "make uninstall": "TestMakeInstall",
	// It needs a kernel with SELinux; make test-selinux runs it, too.
	"selinux/load.sh": "TestSELinuxModule",
	// It needs all processes of the machine in sight.
	"tmpshellctl clean\n": "TestClean",
}

// documentedStatus are blocks that may end with another status in a view: the kernel's
// settings are the machine's, and not all of its processes are in sight; audit has
// found something.
var documentedStatus = map[string]int{
	"&& echo healthy": 1, "tmpshellctl doctor\n": 1, "status --format prometheus": 1, "tmpshellctl audit": 1,
}

func (b documented) mayEndWith(status int) bool {
	for words, other := range documentedStatus {
		if strings.Contains(b.script, words) && status == other {
			return true
		}
	}
	return status == 0
}

// documented is one block of commands.
type documented struct {
	file, script string
	asRoot       bool
}

// TestDocumentedCommands runs every command of README and of the manual pages: those
// after a prompt, or in README in a block that begins with a program. A block is one
// script. What is new is run as it is.
func TestDocumentedCommands(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "at", "jq", "newgrp", "sg", "ssh-agent", "tmux", "zsh")
	rig.Install(t)
	rig.AddGroup(t, "students", 2000, "alice")
	rig.AddGroup(t, "lab", 2001, "alice")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/zsh", Groups: []uint32{2000, 2001}})
	rig.Must(t, "mkdir", "-p", "/var/lib/prometheus/node-exporter")
	rig.Write(t, alice.Home+"/Makefile", "report:\n\tdate\n", 0o644)
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	rig.Must(t, "mkdir", "-p", "/etc/apparmor.d/abstractions", "/usr/share/doc/tmpshell")
	rig.Must(t, "cp", "-r", root+"/etc/apparmor", "/usr/share/doc/tmpshell/")
	draft := alice.Home + "/draft.conf"
	for _, b := range documentedBlocks(t) {
		if runElsewhere(t, b.script) {
			continue
		}
		// As after an installation.
		rig.Must(t, "sh", "-ec", "rm -f /usr/bin/tmpshell-* /etc/tmpshell.conf; usermod -s /bin/zsh alice; tmpshellctl setup")
		rig.Write(t, draft, "Supervise no\n", 0o644)
		c := rig.Command{Path: "/bin/sh", Args: []string{"sh", "-ec", b.script}, Dir: alice.Home, Env: append(os.Environ(), "PATH=/usr/sbin:/usr/bin:/sbin:/bin")}
		if !b.asRoot {
			c.As, c.Env = alice, alice.Env()
		}
		if strings.HasPrefix(b.script, "make ") {
			c.Dir = root
		}
		if r := c.Run(t); !b.mayEndWith(r.Status) {
			t.Errorf("%s:\n%s%d, %s%s", b.file, b.script, r.Status, r.Stdout, r.Stderr)
		}
	}
}

func runElsewhere(t *testing.T, script string) bool {
	t.Helper()
	for words, test := range documentedElsewhere {
		if !strings.Contains(script, words) {
			continue
		}
		root, err := view.Root()
		if err != nil {
			t.Fatal(err)
		}
		if r := rig.Sh(t, `grep -q "^func $1(" "$2"/e2e/*_test.go`, test, root); r.Status != 0 {
			t.Errorf("%q is run by %s, and there is no such test", words, test)
		}
		return true
	}
	return false
}

var (
	literalBlock = regexp.MustCompile(`(?s)\n\.Bd -literal[^\n]*\n(.*?)\n\.Ed\n`)
	markdownCode = regexp.MustCompile("(?m)(?:^    .*\n)+|^```\n(?s:.*?)^```\n")
	prompted     = regexp.MustCompile(`(?m)^([#$]) (.*)$`)
	annotation   = regexp.MustCompile(`(?m)   +.*$`)
)

// documentedBlocks are those of all files; the places of an example that a reader
// fills in are filled in.
func documentedBlocks(t *testing.T) []documented {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob(root + "/man/*")
	if err != nil || len(pages) < 3 {
		t.Fatalf("manual pages: %q, %v", pages, err)
	}
	var list []documented
	for _, page := range pages {
		name := "man/" + filepath.Base(page)
		text := strings.NewReplacer(`\e`, `\`, `\-`, "-", `\&`, "", `\(aq`, "'").Replace(readSource(t, name))
		for _, b := range literalBlock.FindAllStringSubmatch(text, -1) {
			list = appendPrompted(list, name, b[1])
		}
	}
	for _, b := range markdownCode.FindAllString(readSource(t, "README.md"), -1) {
		if plain, is := strings.CutPrefix(b, "    "); is {
			script := annotation.ReplaceAllString(strings.ReplaceAll(plain, "\n    ", "\n"), "")
			if first, _, _ := strings.Cut(script, " "); first == "tmpshellctl" || first == "make" {
				list = append(list, documented{"README.md", strings.ReplaceAll(script, "USER...", "alice"), true})
			}
			continue
		}
		list = appendPrompted(list, "README.md", b)
	}
	if len(list) < 10 {
		t.Fatalf("only %d blocks were found", len(list))
	}
	return list
}

func appendPrompted(list []documented, file, block string) []documented {
	script, asRoot := "", false
	for _, m := range prompted.FindAllStringSubmatch(block, -1) {
		asRoot = m[1] == "#"
		script += m[2] + "\n"
	}
	if script == "" {
		return list
	}
	return append(list, documented{file, script, asRoot})
}
