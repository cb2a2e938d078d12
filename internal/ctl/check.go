package ctl

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/compile"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/msg"
	"tmpshell/internal/needs"
)

// finding is one line of a report of check.
type finding struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Severity string `json:"severity"` // error or notice
	Message  string `json:"message"`
}

type checkReport struct {
	File     string    `json:"file"`
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
	// Partly: the rest of the file is in force.
	Partly bool `json:"-"`
}

func checkCommand(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "check [FILE]",
		Short: "Check the configuration, or a draft of one",
		Args:  takes(0, 1),
		RunE: verb(func(args []string) error {
			file := build.Config
			if len(args) > 0 {
				file = args[0]
			}
			return out.check(checkFile(file))
		}),
	}
}

// checkFile reads a configuration the way that a login does. A draft may be
// anybody's; the file in force may not.
func checkFile(file string) checkReport {
	report := checkReport{File: file, OK: true, Findings: []finding{}}
	add := func(severity string, e *config.Error) {
		report.Findings = append(report.Findings, finding{e.File, e.Line, severity, e.Message})
	}
	read := config.Load
	if file != build.Config {
		read = config.Check
	} else if _, err := os.Lstat(file); errors.Is(err, os.ErrNotExist) {
		add("notice", &config.Error{Pos: config.Pos{File: file},
			Message: "does not exist; the built-in configuration is in force"})
	}
	conf, err := read(file)
	var errs config.Errors
	if errors.As(err, &errs) {
		report.OK = false
		for _, e := range errs {
			add("error", e)
		}
		return report
	}
	for _, e := range conf.Notices {
		add("notice", e)
	}
	var limit *config.Error
	if _, err := compile.All(conf, compile.Options{Names: compile.Nobody()}); errors.As(err, &limit) {
		report.OK = false
		add("error", limit)
		return report
	}
	if missing := notSetUp(needs.OfConfig(conf)); file == build.Config && missing != "" {
		add("notice", &config.Error{Pos: config.Pos{File: file}, Message: missing})
	}
	for _, e := range names(file, conf) {
		add("notice", e)
	}
	for _, e := range append(conf.Unmet, mountPoints(conf)...) {
		report.OK = false
		report.Partly = true
		add("error", e)
	}
	return report
}

// names tells which names no account and no group has. It waits as long as setup does.
func names(file string, conf *config.Config) []*config.Error {
	patient := compile.System()
	patient.Service = account.NewPatientService()
	in, err := compile.All(conf, compile.Options{Names: patient})
	if err == nil {
		err = in.Failed
	}
	if err != nil {
		return []*config.Error{{Pos: config.Pos{File: file}, Message: "names are not checked: " + err.Error()}}
	}
	return in.Unknown
}

// mountPoints tells what nothing can be mounted over. A login does without such
// a directory (OnFailure), for it says nothing about the others; whoever writes
// the line should know.
func mountPoints(conf *config.Config) []*config.Error {
	var list []*config.Error
	seen := make(map[config.Pos]bool)
	for _, p := range conf.Variants() {
		for _, d := range p.Directories {
			if !d.Mounted() || seen[d.Pos] || insideMounted(p, d) {
				continue
			}
			seen[d.Pos] = true
			if err := making.CheckMountPoint(needs.Instance(d)); err != nil {
				list = append(list, &config.Error{Pos: d.Pos, Message: "nothing can be mounted over " + d.Path + ": " + err.Error()})
			}
		}
	}
	return list
}

// insideMounted: a directory inside another one that is mounted over is made by
// the login.
func insideMounted(p config.Policy, d config.Directory) bool {
	return slices.ContainsFunc(p.Directories, func(o config.Directory) bool {
		return o.Mounted() && strings.HasPrefix(d.Path, o.Path+"/")
	})
}

// instead is what logins do with a file that is refused.
func (r checkReport) instead() string {
	if r.Partly {
		return "do without it"
	}
	return "go by the last good one"
}

func (o *output) check(report checkReport) error {
	if o.json {
		if err := o.asJSON(report); err != nil {
			return err
		}
	} else {
		for _, f := range report.Findings {
			e := config.Error{Pos: config.Pos{File: f.File, Line: f.Line}, Message: f.Message}
			if f.Severity == "notice" {
				e.Message = "notice: " + e.Message
			}
			fmt.Fprintln(o.w, msg.Line(e.Error())) // a draft may be anybody's
		}
		if report.OK {
			fmt.Fprintln(o.w, report.File+": ok")
		} else if report.File == build.Config {
			fmt.Fprintln(o.w, report.File+": refused; until it is fixed, logins "+report.instead())
		}
	}
	if !report.OK {
		return errFindings
	}
	return nil
}
