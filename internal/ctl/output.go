package ctl

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/sys/unix"
)

// The rules of what tmpshellctl prints: reports on standard output, as JSON
// where --json is given, as a table on a terminal, else one plain line an
// entry. Errors on standard error as "tmpshellctl: what failed: why", lower
// case, no period, a hint on the next line.

type output struct {
	w    io.Writer
	json bool
}

func printError(w io.Writer, text string) { fmt.Fprintf(w, "tmpshellctl: %s\n", text) }

func printHint(w io.Writer, text string) { fmt.Fprintf(w, "tmpshellctl: hint: %s\n", text) }

// asJSON prints one document.
func (o *output) asJSON(v any) error {
	enc := json.NewEncoder(o.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// rows prints pairs: a table on a terminal, "name value" lines elsewhere.
func (o *output) rows(pairs [][2]string) {
	if !isTerminal(o.w) {
		for _, p := range pairs {
			fmt.Fprintf(o.w, "%s %s\n", p[0], p[1])
		}
		return
	}
	noColor()
	t := table.NewWriter()
	t.SetOutputMirror(o.w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.SetColumnConfigs([]table.ColumnConfig{{Number: 1, Colors: text.Colors{text.Bold}}})
	for _, p := range pairs {
		t.AppendRow(table.Row{p[0], p[1]})
	}
	t.Render()
}

// noColor obeys the user's wish for plain tables.
func noColor() {
	if os.Getenv("NO_COLOR") != "" {
		text.DisableColors()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
