// Package ctl is tmpshellctl, the administrator's program.
package ctl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tmpshell/internal/audit"
	"tmpshell/internal/config"
)

// Exit codes of tmpshellctl(8).
const (
	ExitGood     = 0
	ExitFindings = 1 // or a failure
	ExitUsage    = 2
)

// errFindings: all that there is to say has been said.
var errFindings = errors.New("findings")

// failure is an error of a verb at work, as against wrong usage.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// Main runs tmpshellctl for the calling process.
func Main() int {
	if os.Args[0] == audit.Stage {
		return audit.RunStage()
	}
	if os.Args[0] == worker {
		return work()
	}
	mayWait = true
	return Run(os.Args[1:], os.Stdout, os.Stderr)
}

// Run executes one command line and returns the exit code.
func Run(args []string, stdout, stderr io.Writer) int {
	root := &cobra.Command{
		Use:           "tmpshellctl",
		Short:         "Set up and check private temporary directories",
		Long:          "tmpshellctl sets up tmpshell on a machine, checks its configuration and shows\nwhat it says. See tmpshellctl(8).",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("no command given")
		},
	}
	root.SetUsageFunc(wrapped(root.UsageFunc()))
	root.SetArgs(args)
	report := &noted{Writer: stdout}
	root.SetOut(report)
	root.SetErr(stderr)
	out := &output{w: report}
	root.PersistentFlags().BoolVar(&out.json, "json", false, "print JSON")
	root.AddCommand(importCommand(out, func(text string) { printError(stderr, text) }))
	root.AddCommand(setupCommand(out), enableCommand(out), disableCommand(out), checkCommand(out), showCommand(out), doctorCommand(out), versionCommand(out),
		pathCommand(out), envCommand(out, func(text string) { printError(stderr, text) }), cleanCommand(out, stderr),
		purgeCommand(out, stderr), jobCommand(out), statusCommand(out), auditCommand(out, stderr))
	wantShell(root, args)

	ran, err := root.ExecuteC()
	if report.err != nil && (err == nil || errors.Is(err, errFindings) || errors.Is(err, report.err)) {
		err = failure{report.err}
	}
	var failed failure
	var code exitCode
	switch {
	case err == nil:
		return ExitGood
	case errors.As(err, &code):
		return int(code)
	case errors.Is(err, errFindings):
		return ExitFindings
	case errors.As(err, &failed):
		printError(stderr, failed.Error())
		return ExitFindings
	}
	printError(stderr, err.Error())
	printHint(stderr, nextStep(root, ran, args, err))
	return ExitUsage
}

// wrapped is usage, cobra's own, with flags that fit a terminal of 80 columns. A
// template of ours would do so, too, and link text/template: a quarter more program.
func wrapped(usage func(*cobra.Command) error) func(*cobra.Command) error {
	return func(c *cobra.Command) error {
		w, text := c.OutOrStderr(), &strings.Builder{}
		c.SetOut(text)
		err := usage(c)
		c.SetOut(w)
		fit := text.String()
		for _, flags := range []*pflag.FlagSet{c.LocalFlags(), c.InheritedFlags()} {
			fit = strings.Replace(fit, strings.TrimSpace(flags.FlagUsages()), strings.TrimSpace(flags.FlagUsagesWrapped(80)), 1)
		}
		_, _ = io.WriteString(w, fit)
		return err
	}
}

// nextStep is the verb or the flag that was probably meant, or where to look.
func nextStep(root, ran *cobra.Command, args []string, err error) string {
	if meant := config.Closest(firstArg(args), verbs(root)); ran == root && meant != "" {
		return "did you mean " + root.Name() + " " + meant + "?"
	}
	if flag, unknown := strings.CutPrefix(err.Error(), "unknown flag: --"); unknown {
		var flags []string
		ran.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
		if meant := config.Closest(flag, flags); meant != "" {
			return "did you mean --" + meant + "?"
		}
	}
	return "run " + ran.CommandPath() + " --help"
}

// firstArg is the first word that is no flag.
func firstArg(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}

func verbs(root *cobra.Command) []string {
	var list []string
	for _, c := range root.Commands() {
		list = append(list, c.Name())
	}
	return list
}

// takes says how many operands a verb has, and which.
func takes(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if least <= len(args) && len(args) <= most {
			return nil
		}
		if most == 0 {
			return fmt.Errorf("%s takes no arguments, not %q", c.Name(), args[0])
		}
		_, operands, _ := strings.Cut(c.Use, " ")
		return fmt.Errorf("%s takes %s, not %d arguments", c.Name(), operands, len(args))
	}
}

// verb wraps the work of a verb, so that its errors are not taken for wrong
// usage.
func verb(work func(args []string) error) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		err := work(args)
		if err == nil || errors.Is(err, errFindings) {
			return err
		}
		return failure{err}
	}
}
