package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

const (
	manualFile = "man/tmpshell-apps.7"
	// manualMade is where `make applications` finds the lines of the table.
	manualMade = "/run/tmpshell-programs/manual"
)

// manualRow is a line of the table of tmpshell-apps(7). Its places are what the
// application tables have found in their rows that name it.
type manualRow struct {
	program string
	notes   [3]string // of env, mount and tmpfs
}

// manualRows are the lines in their order.
var manualRows = []manualRow{
	{program: "mktemp, sort, bash, gcc"},
	{program: "python3, git, SQLite"},
	{"zsh, here-documents", [3]string{" (a)"}},
	{"tmux", [3]string{" (b)"}},
	{program: "ssh-agent"},
	{program: "dbus-daemon"},
	{program: "ssh, ControlMaster in /tmp"},
	{program: "kinit"},
	{"Emacs, PulseAudio", [3]string{" (d)", " (d)"}},
	{"gpg-agent", [3]string{" (d)", " (d)", " (d)"}},
	{program: "screen"},
	{program: "X server outside"},
	{program: "PostgreSQL, MariaDB outside"},
	{program: "X server of the user's"},
	{program: "X session manager, ICE"},
	{program: "PostgreSQL of the user's"},
	{"MariaDB of the user's", [3]string{"", " (f)"}},
	{program: "ESounD outside"},
	{program: "forwarded ssh-agent"},
	{program: "ssh, ExposeAuthInfo"},
	{program: "Kerberos cache from before"},
	{program: "X authority from before"},
}

// line is the row for what was found with env, mount and tmpfs.
func (m manualRow) line(found [3]string) string {
	line := ".It " + m.program
	for i, place := range found {
		switch place {
		case "shared":
			place = "/tmp"
		case "runtime": // .runtime in the private one: no login manager makes another
			place = "private"
		case notReached:
			place = "no (e)"
		}
		line += " Ta " + strings.Replace(place, oneLogin, " (c)", 1) + m.notes[i]
	}
	return line + "\n"
}

// checkManual compares what a row has found with the manual page, or notes it for the
// page where that is written anew.
func checkManual(t *testing.T, row application, found [4]string) {
	t.Helper()
	if row.manual == "" {
		return
	}
	i := slices.IndexFunc(manualRows, func(m manualRow) bool { return m.program == row.manual })
	if i < 0 {
		t.Fatalf("%s is for the line %q of the manual page, which has none", row.name, row.manual)
	}
	line := manualRows[i].line([3]string(found[1:]))
	written := readSource(t, manualFile)
	if os.Getenv(pageVar) != "" {
		file := fmt.Sprintf("%s/%02d", manualMade, i)
		before, err := os.ReadFile(file)
		if written = string(before); err != nil {
			written = line
			rig.Must(t, "mkdir", "-p", manualMade)
			rig.Write(t, file, line, 0o644)
		}
	}
	if !strings.Contains("\n"+written, "\n"+line) {
		t.Errorf("%s: %s does not have this line (make applications writes it anew):\n%s", row.name, manualFile, line)
	}
}

// TestApplicationsManual: the table of the manual page has the lines of rows that are
// tried, in their order, and no other; and the page says what does not work.
func TestApplicationsManual(t *testing.T) {
	view.Need(t, "mandoc")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(readSource(t, manualFile), "\n.Bl -column")
	table, _, _ = strings.Cut(table, "\n.El\n")
	var got, want []string
	for _, m := range regexp.MustCompile(`(?m)^\.It (.*?) Ta .*`).FindAllStringSubmatch(table, -1)[1:] {
		got = append(got, m[1])
	}
	for _, m := range manualRows {
		want = append(want, m.program)
		if rig.Sh(t, `cat "$1"/e2e/apps*_test.go | grep -qF "manual: \"$2\""`, root, m.program).Status != 0 {
			t.Errorf("no application is tried for the line %q", m.program)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s has lines of %q; want %q", manualFile, got, want)
	}
	page := rig.Must(t, "mandoc", "-Tascii", "-Owidth=500", filepath.Join(root, manualFile))
	page = strings.Join(strings.Fields(overstruck.ReplaceAllString(page, "")), " ")
	for _, sentence := range words {
		if !strings.Contains(page, sentence) {
			t.Errorf("tmpshell-apps(7) does not say %q", sentence)
		}
	}
}

// overstruck is how mandoc prints bold and underlined characters.
var overstruck = regexp.MustCompile(".\x08")
