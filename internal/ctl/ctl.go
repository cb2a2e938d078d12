// Package ctl is tmpshellctl, the administrator's program.
package ctl

import (
	"errors"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tmpshell/internal/audit"
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

	version := root.Flags().Bool("version", false, "print the version")
	root.RunE = func(c *cobra.Command, args []string) error {
		if !*version {
			return errors.New("no command given")
		}
		return verb(func([]string) error { return out.version() })(c, args)
	}
	ownHelp(root)

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
	printError(stderr, wrongUsage(err))
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
