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
// people, and programs have --json.
func (o *output) statusTable(r *statusReport, now time.Time) {
	t := o.newTable()
	t.Style().Format.Header = text.FormatUpper
	header := table.ColumnConfig{Colors: text.Colors{}, ColorsHeader: text.Colors{text.Bold}}
	if !isTerminal(o.w) {
		header.ColorsHeader = nil
	}
	var columns []table.ColumnConfig
	for n := 1; n <= 12; n++ {
		c := header
		c.Number = n
		if n == 2 || n >= 5 && n <= 9 {
			c.Align, c.AlignHeader = text.AlignRight, text.AlignRight
		}
		columns = append(columns, c)
	}
	t.SetColumnConfigs(columns)
	t.AppendHeader(table.Row{"user", "uid", "for", "method", "size", "inodes", "processes", "sessions", "namespaces", "last use", "path", "notes"})
	for _, d := range r.Directories {
		t.AppendRow(statusRow(d, now))
	}
	if len(r.Directories) > 0 {
		t.Render()
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
	return append(append(row, used...), last, msg.Line(d.Path), strings.Join(d.Notes, "; "))
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
