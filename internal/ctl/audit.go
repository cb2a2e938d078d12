package ctl

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"tmpshell/internal/audit"
	"tmpshell/internal/config"
)

// auditFlags are the options of the verb.
type auditFlags struct {
	all, compare, list, system bool
	limit                      time.Duration
	limited                    bool
	file                       string
}

func auditCommand(out *output, stderr io.Writer) *cobra.Command {
	var f auditFlags
	c := &cobra.Command{
		Use:   "audit [--] PROGRAM [ARG...]",
		Short: "Find out what a program makes in the shared directories",
		RunE: func(c *cobra.Command, args []string) error {
			f.limited = c.Flags().Changed("for")
			if err := f.check(args); err != nil {
				return err
			}
			return verb(func(args []string) error { return f.run(out, stderr, args) })(c, args)
		},
	}
	// What follows PROGRAM is the program's.
	c.Flags().SetInterspersed(false)
	c.Flags().BoolVar(&f.all, "all", false, "report what is made in private directories, too")
	c.Flags().BoolVar(&f.compare, "compare", false, "run PROGRAM without a session, with env and with mount, and compare")
	c.Flags().BoolVar(&f.list, "list", false, "print what is known of applications")
	c.Flags().BoolVar(&f.system, "system", false, "watch the shared directories of the machine")
	c.Flags().DurationVar(&f.limit, "for", 0, "with --system, how long; else how long what PROGRAM has left may run")
	c.Flags().StringVarP(&f.file, "output", "o", "", "write the report of PROGRAM to a file, not to the standard error")
	return c
}

func (f auditFlags) check(args []string) error {
	switch {
	case f.list && f.system, f.compare && (f.list || f.system):
		return errors.New("--compare, --list and --system exclude each other")
	case (f.list || f.system) && len(args) > 0:
		return errors.New("--list and --system take no program")
	case !f.list && !f.system && len(args) == 0:
		return errors.New("no program given")
	case f.limit < 0:
		return errors.New("--for takes a time such as 90s or 1h")
	}
	return nil
}

func (f auditFlags) run(out *output, stderr io.Writer, args []string) error {
	switch {
	case f.list:
		return out.applications(audit.Applications())
	case f.system:
		return f.watchSystem(out, stderr)
	}
	report := &output{w: stderr, json: out.json}
	if f.file != "" {
		file, err := os.Create(f.file)
		if err != nil {
			return err
		}
		defer file.Close()
		report.w = file
	}
	r, err := f.try(stderr, args)
	if err != nil {
		return err
	}
	if err := report.audit(r); err != nil {
		return err
	}
	if r.findings() > 0 {
		return errFindings
	}
	return nil
}

// auditRun is one run of a program.
type auditRun struct {
	Method string `json:"method"`
	audit.Result
}

// auditReport is what an audit of a program says.
type auditReport struct {
	Command []string      `json:"command"`
	Runs    []auditRun    `json:"runs"`
	Verdict audit.Verdict `json:"verdict"`
	// Works: the program ended in the same way with the method that is advised, and
	// without a session; nil where that was not tried.
	Works *bool `json:"works,omitempty"`
}

// findings counts what was made in shared directories although a session named
// others.
func (r auditReport) findings() int {
	n := 0
	for _, run := range r.Runs {
		if run.Method == audit.Env {
			for _, o := range run.Objects {
				if !o.Private {
					n += o.Count
				}
			}
		}
	}
	return n
}

// try runs the program, once or with each method.
func (f auditFlags) try(stderr io.Writer, args []string) (auditReport, error) {
	r := auditReport{Command: args}
	policy, err := ownPolicy()
	if err != nil {
		return r, err
	}
	if policy.Exempt {
		policy = config.Policy{RuntimeDirectory: true}
	}
	methods := []string{audit.Env}
	if f.compare {
		methods = []string{audit.Plain, audit.Env, audit.Mount}
	}
	for _, method := range methods {
		result, err := f.once(stderr, method, policy, args)
		if err != nil {
			return r, fmt.Errorf("with %s: %w", method, err)
		}
		r.Runs = append(r.Runs, auditRun{method, result})
	}
	audit.Compare(results(r.Runs)...)
	i := slices.Index(methods, audit.Env)
	r.Verdict = audit.Judge(r.Runs[i].Objects)
	if f.compare {
		i = slices.Index(methods, r.Verdict.Method)
		same := r.Runs[i].Status == r.Runs[0].Status
		r.Works = &same
	}
	return r, nil
}

func results(runs []auditRun) []*audit.Result {
	var list []*audit.Result
	for i := range runs {
		list = append(list, &runs[i].Result)
	}
	return list
}

// once runs the program with one method.
func (f auditFlags) once(stderr io.Writer, method string, policy config.Policy, args []string) (audit.Result, error) {
	path, err := exec.LookPath(args[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		return audit.Result{}, fmt.Errorf("%s: %w", args[0], errors.Unwrap(err))
	}
	s, err := audit.NewSession(method, policy, os.Environ())
	if err != nil {
		return audit.Result{}, err
	}
	defer s.Close()
	end, left, stop := f.ending(stderr, args[0])
	defer stop()
	return audit.Run(audit.Program{Path: path, Args: args, Env: s.Env, Files: []uintptr{0, 1, 2}, Mounts: s.Mounts},
		audit.Options{Places: s.Places, Private: f.all || f.compare, End: end, Left: left})
}

// ending is what ends an audit before all processes have ended by themselves: the
// time after the program's end is over, or a signal. Signals from the terminal are the
// program's, as long as it runs.
func (f auditFlags) ending(stderr io.Writer, name string) (end <-chan struct{}, left, stop func()) {
	over := make(chan struct{})
	var once sync.Once
	finish := func() { once.Do(func() { close(over) }) }
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP)
	alone := make(chan struct{})
	go func() {
		for s := range signals {
			select {
			case <-alone:
				finish()
			default:
				if s == syscall.SIGTERM || s == syscall.SIGHUP {
					finish()
				}
			}
		}
	}()
	left = func() {
		close(alone)
		switch {
		case f.limited || f.compare:
			time.AfterFunc(max(f.limit, time.Second), finish)
		default:
			printError(stderr, strings.TrimSpace(name)+" has ended, and has left processes that run; waiting for them: an interrupt ends them")
		}
	}
	return over, left, func() {
		signal.Stop(signals)
		close(signals)
	}
}
