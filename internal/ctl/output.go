package ctl

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

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

// noted is a writer that keeps its first error: a report that did not reach its file is a
// failure, whoever wrote it.
type noted struct {
	io.Writer
	err error
}

func (n *noted) Write(b []byte) (int, error) {
	count, err := n.Writer.Write(b)
	if n.err == nil {
		n.err = err
	}
	return count, err
}

// fileOf is the file that is written to, if it is one.
func fileOf(w io.Writer) (*os.File, bool) {
	if n, ok := w.(*noted); ok {
		w = n.Writer
	}
	f, ok := w.(*os.File)
	return f, ok
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

// newTable is the table of every report: no lines, no colour but where a column asks
// for it, nothing after the last word of a line.
func (o *output) newTable() table.Writer {
	noColor()
	t := table.NewWriter()
	t.SetOutputMirror(o.w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Box.PaddingLeft = ""
	t.SuppressTrailingSpaces()
	return t
}

// gap is what is between two columns.
const gap = 1

// rows prints pairs: a table on a terminal, folded to its width, "name value" lines
// elsewhere. Where a table would break a word, values are below their names.
func (o *output) rows(pairs [][2]string) {
	if !isTerminal(o.w) {
		for _, p := range pairs {
			fmt.Fprintf(o.w, "%s %s\n", p[0], p[1])
		}
		return
	}
	t := o.newTable()
	widest, word := 0, 0
	for _, p := range pairs {
		widest = max(widest, len(p[0]))
		for _, w := range strings.Fields(p[1]) {
			word = max(word, len(w))
		}
	}
	room := o.width() - widest - 2*gap
	if word > room && widest > o.width()/3 {
		for _, p := range pairs {
			fmt.Fprintln(o.w, text.Bold.Sprint(p[0]))
			o.below(emphasis(p[1]))
		}
		return
	}
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 1, Colors: text.Colors{text.Bold}},
		{Number: 2, WidthMax: max(20, room), WidthMaxEnforcer: text.WrapSoft},
	})
	for _, p := range pairs {
		name := p[0]
		if name == "notice" {
			name = text.FgYellow.Sprint(name)
		}
		t.AppendRow(table.Row{name, emphasis(p[1])})
	}
	t.Render()
}

// below prints text that is too long for a table, folded and two columns in.
func (o *output) below(long string) {
	folded := text.WrapSoft(long, max(20, o.width()-2))
	fmt.Fprintln(o.w, "  "+strings.ReplaceAll(folded, "\n", "\n  "))
}

// emphasis colours the word that a value begins with, if it is one of trouble.
func emphasis(value string) string {
	switch word, _, _ := strings.Cut(value, ":"); word {
	case "failed":
		return text.FgRed.Sprint(word) + strings.TrimPrefix(value, word)
	case "warning":
		return text.FgYellow.Sprint(word) + strings.TrimPrefix(value, word)
	}
	return value
}

// noColor obeys the user's wish for plain tables.
func noColor() {
	if os.Getenv("NO_COLOR") != "" {
		text.DisableColors()
	}
}

// width is the terminal's, in columns.
func (o *output) width() int {
	const usual = 80
	f, ok := fileOf(o.w)
	if !ok {
		return usual
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return usual
	}
	return int(size.Col)
}

func isTerminal(w io.Writer) bool {
	f, ok := fileOf(w)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}
