package ctl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"tmpshell/internal/config"
	"tmpshell/internal/doctor"
)

// examination says which checks run, and what counts as a finding.
type examination struct {
	only, ignore []string
	level        string
}

func doctorCommand(out *output) *cobra.Command {
	var e examination
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what keeps tmpshell from working, and say how to fix it",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("doctor takes no %s", args[0])
			}
			return e.check()
		},
		RunE: verb(func([]string) error {
			return out.doctor(doctor.Examine(e.runs), doctor.Verdict(e.level))
		}),
	}
	c.Flags().StringSliceVar(&e.only, "only", nil, "run these `checks` alone, such as capabilities,policy")
	c.Flags().StringSliceVar(&e.ignore, "ignore", nil, "leave these `checks` out, such as sysctl")
	c.Flags().StringVar(&e.level, "level", string(doctor.Warning), "exit with 1 for this `verdict` and worse: warning or error")
	for _, flag := range []string{"only", "ignore"} {
		_ = c.RegisterFlagCompletionFunc(flag, completeChecks)
	}
	_ = c.RegisterFlagCompletionFunc("level", cobra.FixedCompletions([]string{"warning", "error"}, cobra.ShellCompDirectiveNoFileComp))
	return c
}

func (e *examination) runs(check string) bool {
	return (len(e.only) == 0 || slices.Contains(e.only, check)) && !slices.Contains(e.ignore, check)
}

// check: a name that is written wrong must not leave out what it meant.
func (e *examination) check() error {
	for _, name := range slices.Concat(e.only, e.ignore) {
		if !slices.Contains(doctor.Names(), name) {
			meant := config.Closest(name, doctor.Names())
			if meant != "" {
				meant = "; did you mean " + meant + "?"
			}
			return fmt.Errorf("there is no check %q%s", name, meant)
		}
	}
	return oneWordOf("--level", e.level, string(doctor.Warning), string(doctor.Error))
}

type doctorReport struct {
	OK      bool            `json:"ok"`
	Results []doctor.Result `json:"results"`
}

// doctor: what is not as bad as level is reported, and does not count.
func (o *output) doctor(results []doctor.Result, level doctor.Verdict) error {
	sick := slices.ContainsFunc(results, func(r doctor.Result) bool {
		return r.Verdict.IsFinding() && (r.Verdict == doctor.Error || level == doctor.Warning)
	})
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

// doctorLines prints one line a fact, and one for its fix.
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
// below it their fixes, one line each that can be copied.
func (o *output) doctorTable(results []doctor.Result) {
	t := o.newTable()
	widest := 0
	for _, r := range results {
		widest = max(widest, len(r.Check))
	}
	const verdict, gaps = len("warning"), 4 * gap
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
		fmt.Fprintln(o.w, "\nTo fix it:")
	}
	for _, fix := range fixes {
		fmt.Fprintf(o.w, "  %s  %s\n", fix, text.Faint.Sprint("# "+strings.Join(checks[fix], ", ")))
	}
}
