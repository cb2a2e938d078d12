package ctl

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"tmpshell/internal/doctor"
)

func doctorCommand(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps tmpshell from working, and say how to mend it",
		Args:  cobra.NoArgs,
		RunE:  verb(func([]string) error { return out.doctor(doctor.Examine()) }),
	}
}

type doctorReport struct {
	OK      bool            `json:"ok"`
	Results []doctor.Result `json:"results"`
}

func (o *output) doctor(results []doctor.Result) error {
	sick := slices.ContainsFunc(results, func(r doctor.Result) bool { return r.Verdict.IsFinding() })
	switch {
	case o.json:
		if err := o.asJSON(doctorReport{!sick, results}); err != nil {
			return err
		}
	case isTerminal(o.w):
		o.doctorTable(results)
	default:
		o.doctorLines(results)
	}
	if sick {
		return errFindings
	}
	return nil
}

// doctorLines prints one line a fact, and one for what mends it.
func (o *output) doctorLines(results []doctor.Result) {
	for _, r := range results {
		fmt.Fprintf(o.w, "%s: %s: %s\n", r.Check, r.Verdict, r.Fact)
		if r.Fix != nil {
			fmt.Fprintf(o.w, "%s: fix: %s\n", r.Check, fixText(*r.Fix))
		}
	}
}

func fixText(f doctor.Fix) string {
	if f.Run != "" {
		return f.Run
	}
	return "write in " + f.In + ": " + f.Write
}

var verdictColors = map[doctor.Verdict]text.Color{
	doctor.OK: text.FgGreen, doctor.Note: text.FgCyan, doctor.Warning: text.FgYellow, doctor.Error: text.FgRed,
}

// doctorTable prints the facts as a table, folded to the terminal's width, and
// below it what mends them, one line each that can be copied.
func (o *output) doctorTable(results []doctor.Result) {
	noColor()
	t := table.NewWriter()
	t.SetOutputMirror(o.w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	widest := 0
	for _, r := range results {
		widest = max(widest, len(r.Check))
	}
	const verdict, gaps = len("warning"), 6
	t.SetColumnConfigs([]table.ColumnConfig{
		{Number: 1, Colors: text.Colors{text.Bold}},
		{Number: 3, WidthMax: max(20, o.width()-widest-verdict-gaps), WidthMaxEnforcer: text.WrapSoft},
	})
	var fixes []string
	checks := make(map[string][]string)
	for _, r := range results {
		t.AppendRow(table.Row{r.Check, verdictColors[r.Verdict].Sprint(r.Verdict), r.Fact})
		if r.Fix == nil {
			continue
		}
		fix := fixText(*r.Fix)
		if checks[fix] == nil {
			fixes = append(fixes, fix)
		}
		if !slices.Contains(checks[fix], r.Check) {
			checks[fix] = append(checks[fix], r.Check)
		}
	}
	t.Render()
	if len(fixes) > 0 {
		fmt.Fprintln(o.w, "\nTo mend it:")
	}
	for _, fix := range fixes {
		fmt.Fprintf(o.w, "  %s  %s\n", fix, text.Faint.Sprint("# "+strings.Join(checks[fix], ", ")))
	}
}

// width is the terminal's, in columns.
func (o *output) width() int {
	const usual = 80
	f, ok := o.w.(*os.File)
	if !ok {
		return usual
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil || size.Col == 0 {
		return usual
	}
	return int(size.Col)
}
