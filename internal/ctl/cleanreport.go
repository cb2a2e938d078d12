package ctl

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tmpshell/internal/clean"
	"tmpshell/internal/msg"
	"tmpshell/internal/syslog"
)

type cleanedResult struct {
	*clean.Result
	User string `json:"user,omitempty"`
}

type cleanedReport struct {
	OK       bool            `json:"ok"`
	DryRun   bool            `json:"dry_run"`
	Results  []cleanedResult `json:"results"`
	Oddities []clean.Left    `json:"oddities"`
	Errors   []string        `json:"errors"`
}

// cleaned prints what was done: one line for each directory that did not stay as
// it was, and what is left of it.
func (o *output) cleaned(report *clean.Report, dryRun bool) error {
	names := &userNames{}
	r := cleanedReport{DryRun: dryRun, Results: []cleanedResult{}, Oddities: append([]clean.Left{}, report.Oddities...), Errors: append([]string{}, report.Errors...)}
	failed := len(report.Errors) > 0
	for _, res := range report.Results {
		failed = failed || res.Action == clean.Failed
		r.Results = append(r.Results, cleanedResult{Result: res})
	}
	r.OK = !failed
	if o.json {
		for i := range r.Results {
			r.Results[i].User = names.of(r.Results[i].UID)
		}
		if err := o.asJSON(r); err != nil {
			return err
		}
	} else {
		kept := report.Young
		for _, res := range r.Results {
			o.cleanedLine(res, names, dryRun)
			if res.Action == clean.Kept {
				kept++
			}
		}
		if kept == len(r.Results)+report.Young && isTerminal(o.w) { // cron mails what is printed
			o.line("nothing to remove:", count(uint64(kept), "directory stays", "directories stay")+", in use or young; --json says which")
		}
		for _, odd := range r.Oddities {
			o.line("not touched:", odd.Path+": "+odd.Why)
		}
		for _, text := range r.Errors {
			o.line("error:", text)
		}
	}
	if failed {
		return errFindings
	}
	return nil
}

// line prints one line that may quote a name which somebody else chose.
func (o *output) line(parts ...string) {
	for i, p := range parts {
		parts[i] = msg.Line(p)
	}
	fmt.Fprintln(o.w, strings.Join(parts, " "))
}

func (o *output) cleanedLine(res cleanedResult, names *userNames, dryRun bool) {
	if res.Action == clean.Kept {
		return
	}
	what := res.Path + " of " + names.label(res.UID)
	switch res.Action {
	case clean.Withdrawn:
		word := "withdrew"
		if dryRun {
			word = "would withdraw"
		}
		o.line(word, what+": "+res.Why)
	case clean.Gone:
		word := "removed"
		if dryRun {
			word = "would remove"
		}
		o.line(word, what+": "+amount(res.Result))
	case clean.Aged:
		word := "aged"
		if dryRun {
			word = "would age"
		}
		o.line(word, what+": "+amount(res.Result))
		for _, path := range res.Paths {
			o.line("  " + path)
		}
	default:
		o.line(string(res.Action), what+": "+res.Why)
	}
	for _, l := range res.Left {
		o.line("  left " + l.Path + ": " + l.Why)
	}
	if n := res.LeftCount - len(res.Left); n > 0 {
		o.line(fmt.Sprintf("  and %d more", n))
	}
}

func amount(r *clean.Result) string {
	text := fmt.Sprintf("%s, %s", count(r.Files, "file", "files"), count(r.Directories, "directory", "directories"))
	if r.Bytes > 0 {
		text += ", " + size(r.Bytes)
	}
	return text
}

func count(n uint64, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// size is a number of bytes as ls -h has it.
func size(n uint64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	v, names := float64(n), "KMGTPE"
	i := -1
	for v >= unit && i < len(names)-1 {
		v /= unit
		i++
	}
	return fmt.Sprintf("%.1f %ciB", v, names[i])
}

// logClean is one line with the sums.
func logClean(report *clean.Report, flags cleanFlags) {
	p, line := sums(report)
	if line != "" && !flags.dryRun {
		syslog.Logger{Program: "tmpshellctl"}.Send(p, "clean", line)
	}
}

// sums is empty where nothing was to be done. What is removed is not measured, as by
// rm(1), which would take half as long again; what is aged has been looked at.
func sums(report *clean.Report) (p syslog.Priority, line string) {
	var removed, withdrawn, aged, failed int
	kept := report.Young
	var files, bytes uint64
	for _, r := range report.Results {
		switch r.Action {
		case clean.Gone:
			removed++
		case clean.Withdrawn:
			withdrawn++
		case clean.Aged:
			aged++
		case clean.Failed:
			failed++
		default:
			kept++
		}
		if r.Action != clean.Kept {
			files += r.Files
			bytes += r.Bytes
		}
	}
	if removed+withdrawn+aged+failed+len(report.Errors) == 0 {
		return 0, ""
	}
	p = syslog.Info
	if failed+len(report.Errors) > 0 {
		p = syslog.Warning
	}
	line = fmt.Sprintf("%d directories removed, %d withdrawn, %d aged, %d kept, %d failed; %d files", removed, withdrawn, aged, kept, failed, files)
	if aged > 0 {
		line += fmt.Sprintf(", %d bytes aged", bytes)
	}
	return p, line + fmt.Sprintf("; %d errors", len(report.Errors))
}

// progress shows on a terminal what has been done so far, until it is stopped.
func progress(w io.Writer, counts *clean.Counts) (stop func()) {
	if !isTerminal(w) {
		return func() {}
	}
	done, ended := make(chan bool), make(chan bool)
	go func() {
		defer close(ended)
		began := time.Now()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		shown := false
		for {
			select {
			case <-done:
				if shown {
					fmt.Fprint(w, "\r\x1b[K")
				}
				return
			case <-tick.C:
			}
			files, directories := counts.Files.Load(), counts.Directories.Load()
			if files+directories > 0 {
				rate := float64(files+directories) / time.Since(began).Seconds()
				fmt.Fprintf(w, "\r\x1b[K%d files, %d directories, %.0f a second", files, directories, rate)
				shown = true
			}
		}
	}()
	return func() { close(done); <-ended }
}
