package ctl

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/kballard/go-shellquote"

	"tmpshell/internal/audit"
	"tmpshell/internal/msg"
)

// audit prints the report of a program.
func (o *output) audit(r auditReport) error {
	if o.json {
		for i := range r.Runs {
			if r.Runs[i].Objects == nil {
				r.Runs[i].Objects = []audit.Object{} // not null
			}
		}
		return o.asJSON(r)
	}
	command := msg.Line(shellquote.Join(r.Command...))
	for _, run := range r.Runs {
		with := ""
		if len(r.Runs) > 1 {
			with = " with " + run.Method
		}
		fmt.Fprintf(o.w, "%s%s: %s, %s in shared directories\n", command, with, ending(run.Status), objectsWord(shared(run.Objects)))
		o.objects(run.Objects)
		o.auditNotes(run.Result)
	}
	if len(r.Runs) == 3 {
		o.compared(r)
	}
	fmt.Fprintf(o.w, "verdict: %s: %s\n", r.Verdict.Method, r.Verdict.Why)
	for _, line := range r.Verdict.Lines {
		fmt.Fprintf(o.w, "tmpshell.conf: %s\n", line)
	}
	return nil
}

func ending(status int) string {
	if status > 128 {
		return fmt.Sprintf("killed by signal %d", status-128)
	}
	return fmt.Sprintf("exit status %d", status)
}

// shared counts what everybody could reach.
func shared(list []audit.Object) int {
	n := 0
	for _, o := range list {
		if !o.Private {
			n += o.Count
		}
	}
	return n
}

func objectsWord(n int) string {
	if n == 1 {
		return "1 object"
	}
	return fmt.Sprint(n, " objects")
}

// objects prints one line each, or a table where a terminal has room for it.
func (o *output) objects(list []audit.Object) {
	known := audit.Applications()
	t := o.newTable()
	t.SetOutputMirror(nil)
	t.AppendHeader(table.Row{"path", "kind", "mode", "times", "name", "program"})
	var lines, fixes []string
	for _, object := range list {
		row := objectRow(object)
		t.AppendRow(row)
		lines = append(lines, fmt.Sprintf("%v: %v", row[0], strings.Join(said(row[1:]), ", ")))
		if k, found := audit.Find(known, object); found && !object.Private {
			fix := k.Name + ": " + cmp.Or(k.Moves, "nothing moves it") + " (" + k.Source + ")"
			if !slices.Contains(fixes, fix) {
				fixes = append(fixes, fix)
			}
		}
	}
	if whole := t.Render(); isTerminal(o.w) && len(list) > 0 && text.LongestLineLen(whole) <= o.width() {
		lines = []string{whole}
	}
	for _, line := range lines {
		fmt.Fprintln(o.w, line)
	}
	for _, fix := range fixes {
		fmt.Fprintf(o.w, "known: %s\n", fix)
	}
}

// said are the words of a row that has any.
func said(row []any) []string {
	var list []string
	for _, cell := range row {
		if text := fmt.Sprint(cell); text != "" {
			list = append(list, text)
		}
	}
	return list
}

func objectRow(o audit.Object) table.Row {
	path := o.Path
	if o.Count > 1 {
		path = o.Pattern
	}
	name := "private"
	switch {
	case o.Private:
	case o.Predictable && o.Exclusive:
		name = "guessable, exclusive"
	case o.Predictable:
		name = "guessable"
	default:
		name = "random"
	}
	if o.NoFollow {
		name += ", O_NOFOLLOW"
	}
	times := "once"
	if o.Count > 1 {
		times = fmt.Sprintf("%d times", o.Count)
	}
	program := o.Program
	if len(o.Command) > 0 {
		program += " (" + shellquote.Join(o.Command...) + ")"
	}
	return table.Row{msg.Line(path), o.Kind, o.Mode, times, name, msg.Line(program)}
}

// auditNotes prints what an audit did not see, or changed.
func (o *output) auditNotes(r audit.Result) {
	each := func(m map[string]int, text string) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			fmt.Fprintf(o.w, "note: "+text+"\n", msg.Line(name), m[name])
		}
	}
	each(r.Unreadable, "%s: %d calls could not be looked at; what appeared meanwhile is taken for theirs")
	each(r.Refused, "%s: io_uring was refused %d times, as it is not seen")
	each(r.Powerless, "%s has run without the privilege of its file, and so with TMPDIR, %d times: only an audit by root shows what it does otherwise")
	if r.Lost > 0 {
		fmt.Fprintf(o.w, "note: events were lost %d times: the list is not complete\n", r.Lost)
	}
	if r.Uncounted > 0 {
		fmt.Fprintf(o.w, "note: %d more are not listed\n", r.Uncounted)
	}
}

// compared says what changed from method to method.
func (o *output) compared(r auditReport) {
	plain := r.Runs[0]
	for _, run := range r.Runs[1:] {
		end := "ends as without a session"
		if run.Status != plain.Status {
			end = fmt.Sprintf("%s, and without a session %s", ending(run.Status), ending(plain.Status))
		}
		fmt.Fprintf(o.w, "%s: %s in shared directories in place of %d; %s\n", run.Method, objectsWord(shared(run.Objects)), shared(plain.Objects), end)
	}
}

// applications prints the table of what is known.
func (o *output) applications(list []audit.Known) error {
	if o.json {
		return o.asJSON(list)
	}
	if isTerminal(o.w) {
		var rows [][2]string
		for _, k := range list {
			rows = append(rows, [2]string{k.Name, k.Makes}, [2]string{"", "moved by " + cmp.Or(k.Moves, "nothing")}, [2]string{"", k.Line})
		}
		o.rows(rows)
		return nil
	}
	for _, k := range list {
		fmt.Fprintf(o.w, "%s: %s; moved by %s; %s; source: %s; verified: %s\n", k.Name, k.Makes, cmp.Or(k.Moves, "nothing"), k.Line, k.Source, k.Verified)
	}
	return nil
}
