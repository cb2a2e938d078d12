package ctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/sys/unix"

	"tmpshell/internal/msg"
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

// printError prints what may quote a name that somebody else chose, and several errors,
// one a line.
func printError(w io.Writer, text string) {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = msg.Line(lines[i])
	}
	fmt.Fprintf(w, "tmpshellctl: %s\n", strings.Join(lines, "\n"))
}

func printHint(w io.Writer, text string) { fmt.Fprintf(w, "tmpshellctl: hint: %s\n", text) }

// asJSON prints one document.
func (o *output) asJSON(v any) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := o.w.Write(escaped(text.Bytes()))
	return err
}

// escaped has the control characters escaped that JSON may have as they are, and a
// terminal obeys: it quotes names that somebody else chose, and may be read on one.
func escaped(text []byte) []byte {
	const first, last = "\u0080", "\u009f" // two bytes each, the first of which is the same
	if bytes.IndexByte(text, 0x7f) < 0 && bytes.IndexByte(text, first[0]) < 0 {
		return text
	}
	b := make([]byte, 0, len(text)+len(text)/8)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == 0x7f:
			b = append(b, `\u007f`...)
		case c == first[0] && i+1 < len(text) && first[1] <= text[i+1] && text[i+1] <= last[1]:
			i++
			b = fmt.Appendf(b, `\u%04x`, text[i])
		default:
			b = append(b, c)
		}
	}
	return b
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
