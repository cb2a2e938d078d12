package e2e

import (
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/audit"
	"tmpshell/internal/sample"
)

const (
	pageFile = "docs/applications.md"
	// pageVar is set by `make applications`: all rows are tried, and the page is written
	// to bin/programs, as a view sees it.
	pageVar  = view.KeptVars + "APPLICATIONS"
	pageMade = "/run/tmpshell-programs/applications.md"
)

// TestApplicationsPage tries programs with each method. `make applications` writes the
// page; else a share of the rows is tried, and has to be as the page says.
func TestApplicationsPage(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	all := os.Getenv(pageVar) != ""
	var conf []string
	if !all && sample.Of(2).Has("page", "TMPDIR") {
		// docs/field.md says that the page is the same with TMPDIR alone.
		conf = []string{"Directory /tmp env variables=TMPDIR"}
	}
	rig.Install(t, conf...)
	rig.Must(t, "install", "-d", "-m", "1777", "/tmp/.X11-unix", "/run/screen")
	rig.Write(t, "/etc/sudoers.d/e2e", "ALL ALL=(ALL) NOPASSWD: ALL\n", 0o440)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Shell: "/bin/bash"})
	written := readSource(t, pageFile)
	var page strings.Builder
	page.WriteString(pageHead)
	topic, tried, share := "", 0, sample.Of(20)
	for _, row := range pageRows {
		if !all && (row.pkg != "" || !share.Has("page", row.name)) {
			continue
		}
		view.Need(t, row.need)
		if row.topic != topic {
			topic = row.topic
			fmt.Fprintf(&page, "\n## %s%s\n\n| program | without | `env` | `mount` |\n| --- | --- | --- | --- |\n", strings.ToUpper(topic[:1]), topic[1:])
		}
		line := row.try(t, alice)
		page.WriteString(line + "\n")
		tried++
		if !all && !strings.Contains(places(written), places(line)) {
			t.Errorf("%s does not have this line (make applications writes it anew):\n%s", pageFile, line)
		}
	}
	if all {
		fmt.Fprintf(&page, "\n%d programs.\n", tried)
		if err := os.WriteFile(pageMade, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const pageHead = `# Applications

What programs of Debian 12 make in ` + "`/tmp`, `/var/tmp` and `/dev/shm`" + `, without a session and with each
method. ` + "`make applications`" + ` writes this page: it runs each program with
` + "`tmpshellctl audit --compare`" + ` and does something with it that shows that it works.

- A path is one that others can reach, with what differs from time to time replaced:
  ` + "`XXXXXX`" + ` looks random, ` + "`<n>`" + ` and ` + "`<pid>`" + ` are numbers. ` + "`(no name)`" + ` is a file of ` + "`O_TMPFILE`" + `.
- *private*: all that it made there was in the session's private directory.
- *nothing*: it made nothing there.
- **fails**: it does not work, or not as without a session.

Programs with privilege of their own are run by root, marked (r): their users see the
same.
`

// places reduces a text of the page to where things are: what random names look like is
// judged by their looks.
func places(text string) string {
	text = regexp.MustCompile("`(/tmp|/var/tmp|/dev/shm)[^`]*`").ReplaceAllString(text, "$1")
	return regexp.MustCompile(`(/\w\S*)( \S*/\S+| …)+`).ReplaceAllString(text, "$1 and others")
}

// try runs a row with each method, and returns its line of the page.
func (row pageRow) try(t *testing.T, alice *rig.Account) string {
	t.Helper()
	who, dir := alice, "/home/alice/tried"
	if row.root {
		who, dir = nil, "/root/tried"
	}
	again := "rm -rf " + dir + "; mkdir " + dir + "; cd " + dir + "; exec </dev/null >/dev/null 2>&1\n"
	report, r := runAudit(t, who, "--compare", "sh", "-c", again+row.script)
	if len(report.Runs) != 3 {
		t.Fatalf("%s: %d, %s", row.name, r.Status, r.Stderr)
	}
	name := row.name
	if row.root {
		name += " (r)"
	}
	line := "| " + name
	for _, run := range report.Runs {
		line += " | " + cellOf(run.Objects)
		if run.Status != 0 {
			line += " **fails**"
		}
	}
	return line + " |"
}

// cellOf says where objects were made: the topmost of each that is shared.
func cellOf(list []audit.Object) string {
	shared, private := map[string]bool{}, false
	for _, o := range list {
		if o.Private {
			private = true
			continue
		}
		below := strings.TrimPrefix(strings.TrimPrefix(o.Pattern, o.Place), "/")
		first, _, _ := strings.Cut(below, "/")
		shown := path.Join(o.Place, first)
		if below == "" {
			shown = o.Place + " (no name)"
		}
		shared["`"+shown+"`"] = true
	}
	words := slices.Sorted(maps.Keys(shared))
	switch {
	case len(words) > 4:
		words = append(words[:4], "…")
	case len(words) == 0 && private:
		return "private"
	case len(words) == 0:
		return "nothing"
	}
	return strings.Join(words, " ")
}
