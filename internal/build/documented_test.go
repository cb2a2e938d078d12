package build_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"tmpshell/internal/config"
	"tmpshell/internal/ctl"
	"tmpshell/internal/doctor"
)

var (
	// What a document says one can type. In a manual page the option may be a macro.
	verbNamed   = regexp.MustCompile(`\btmpshellctl ([a-z]+)((?: --[a-z-]+)*)`)
	targetNamed = regexp.MustCompile("(?m)(?:`|^    |&& )make ([a-z][a-z0-9-]*)")
	targetLine  = regexp.MustCompile(`(?m)^([a-z][a-z0-9 -]*):`)
)

// notVerbs follow the name of the program in a sentence.
var notVerbs = map[string]bool{"and": true, "does": true, "for": true, "has": true, "in": true, "is": true, "itself": true, "makes": true, "on": true, "prints": true, "to": true, "with": true}

// TestDocumentsNameCommands: each verb, option and target of make that a document names
// is there.
func TestDocumentsNameCommands(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range targetLine.FindAllStringSubmatch(string(makefile), -1) {
		for name := range strings.FieldsSeq(m[1]) {
			targets[name] = true
		}
	}
	help := map[string]string{}
	commands := 0
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range targetNamed.FindAllStringSubmatch(string(text), -1) {
			commands++
			if !targets[m[1]] {
				t.Errorf("%s: make %s: the Makefile has no such target", file, m[1])
			}
		}
		for _, m := range verbNamed.FindAllStringSubmatch(string(text), -1) {
			verb := m[1]
			if notVerbs[verb] {
				continue
			}
			commands++
			if _, asked := help[verb]; !asked {
				var out bytes.Buffer
				ctl.Run([]string{verb, "--help"}, &out, &out)
				help[verb] = out.String()
			}
			if !strings.Contains(help[verb], "tmpshellctl "+verb) {
				t.Errorf("%s: %s: there is no such verb", file, m[0])
			}
			for option := range strings.FieldsSeq(m[2]) {
				if !regexp.MustCompile(regexp.QuoteMeta(option) + `\b`).MatchString(help[verb]) {
					t.Errorf("%s: %s: %s has no %s", file, m[0], verb, option)
				}
			}
		}
	}
	if commands < 200 {
		t.Errorf("only %d commands were found", commands)
	}
}

// TestDocumentsNameAll: each keyword and each check of doctor is documented.
func TestDocumentsNameAll(t *testing.T) {
	has := func(file, words string) {
		t.Helper()
		text, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), words) {
			t.Errorf("%s does not have %q", file, words)
		}
	}
	for _, k := range config.Keywords {
		has("man/tmpshell.conf.5", "\n.It Cm "+k.Name+" ")
		has("etc/tmpshell.conf", k.Name+" ")
	}
	for _, name := range doctor.Names() {
		has("man/tmpshellctl.8", "\n.It Cm "+name+"\n")
	}
}

// TestReadmeIsShort: whoever reads README in a terminal sees each line whole, and has
// read it in two pages; what a newcomer looks for is there. A row of a table is one line.
func TestReadmeIsShort(t *testing.T) {
	const most, wide = 80, 90
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(lines) > most {
		t.Errorf("README.md has %d lines, and is to have at most %d", len(lines), most)
	}
	for i, line := range lines {
		if n := utf8.RuneCountInString(line); n > wide && !strings.HasPrefix(line, "|") {
			t.Errorf("README.md:%d has %d columns, and is to have at most %d", i+1, n, wide)
		}
	}
	for _, words := range []string{
		"    tmpshellctl setup ", "    tmpshellctl enable USER...", "(docs/login.svg)", "    make try ", "`make test`",
		"\n| `env`", "\n| `mount` |", "\n| `tmpfs` |", "(docs/platforms.md)", "(docs/troubleshooting.md)", "(docs/comparison.md)",
	} {
		if !strings.Contains(string(text), words) {
			t.Errorf("README.md does not have %q", words)
		}
	}
}
