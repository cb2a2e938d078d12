package ctl

import (
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"tmpshell/internal/msg"
)

// statusTable prints one line a directory, aligned in a pipe, too: it is read by
// people, and programs have --json. On a terminal that is too narrow, the path and the
// notes have lines of their own.
func (o *output) statusTable(r *statusReport, now time.Time) {
	t := o.newTable()
	t.Style().Format.Header = text.FormatUpper
	var columns []table.ColumnConfig
	for _, n := range []int{2, 5, 6, 7, 8, 9} {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	t.SetOutputMirror(nil)
	t.AppendHeader(table.Row{"user", "uid", "for", "method", "size", "inodes", "processes", "sessions", "namespaces", "last use", "path", "notes"})
	for _, d := range r.Directories {
		t.AppendRow(append(statusRow(d, now), msg.Line(d.Path), strings.Join(d.Notes, "; ")))
	}
	whole := t.Render()
	head, rows, _ := strings.Cut(whole, "\n")
	switch {
	case len(r.Directories) == 0:
	case !isTerminal(o.w):
		fmt.Fprintln(o.w, whole)
	case text.LongestLineLen(whole) <= o.width():
		fmt.Fprintln(o.w, text.Bold.Sprint(head)+"\n"+rows)
	default:
		o.narrowStatus(t, r.Directories, now)
	}
	if !r.Complete {
		o.line("+: there is more; --full looks at every file that can be seen")
	}
	for _, odd := range r.Oddities {
		o.line("not tmpshell's:", odd.Path+": "+odd.Why)
	}
	for _, text := range r.Errors {
		o.line("error:", text)
	}
}

// narrowStatus prints a table of numbers, and below each row what is long.
func (o *output) narrowStatus(t table.Writer, list []statusDirectory, now time.Time) {
	t.ResetHeaders()
	t.ResetRows()
	t.AppendHeader(table.Row{"user", "uid", "for", "method", "size", "inodes", "procs", "sess", "ns", "last use"})
	for _, d := range list {
		t.AppendRow(statusRow(d, now))
	}
	lines := strings.Split(t.Render(), "\n")
	fmt.Fprintln(o.w, text.Bold.Sprint(lines[0]))
	for i, d := range list {
		o.line(lines[i+1])
		for _, long := range append([]string{msg.Line(d.Path)}, d.Notes...) {
			o.below(long)
		}
	}
}

func statusRow(d statusDirectory, now time.Time) table.Row {
	user := msg.Line(d.User)
	if user == "" {
		user = "-"
	}
	more := ""
	if !d.Complete {
		more = "+"
	}
	amount, inodes, last := size(d.Bytes)+more, fmt.Sprint(d.Inodes)+more, "-"
	if d.Method == "tmpfs" {
		amount, inodes = "-", "-"
	}
	if d.LastUse != nil {
		last = ago(now.Sub(*d.LastUse))
	}
	used := []any{"?", "?", "?"}
	if d.Processes != nil {
		used = []any{len(d.Processes), *d.Sessions, *d.Namespaces}
	}
	row := table.Row{user, d.UID, msg.Line(d.Directory), d.Method, amount, inodes}
	return append(append(row, used...), last)
}

// ago is a time in one unit.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "in the future"
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%dmin ago", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh ago", d/time.Hour)
	}
	return fmt.Sprintf("%dd ago", d/day)
}
