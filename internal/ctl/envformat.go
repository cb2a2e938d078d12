package ctl

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"tmpshell/internal/config"
)

// envFormat is a way of env to write variables. Whatever is in a value, what reads
// it gets that value and runs nothing.
type envFormat struct {
	write func(io.Writer, sessionEnv) error
	// cannot names what is in a value and has no form in this format; nil: nothing.
	cannot func(value string) string
}

var envFormats = map[string]envFormat{
	"sh":   {writeLines("export %s=%s\n", quoteSh, "unset %s\n"), nil},
	"csh":  {writeLines("setenv %s %s;\n", quoteCsh, "unsetenv %s;\n"), nil},
	"fish": {writeLines("set -gx %s %s;\n", quoteFish, "set -e %s;\n"), nil},
	// TaskProlog of slurm.conf(5): a value is what stands before the end of the line.
	"slurm": {writeLines("export %s=%s\n", func(s string) string { return s }, "unset %s\n"), newline},
	// It has no word for unset, and refuses all of a file in which one value is not
	// UTF-8.
	"systemd": {writeLines("%s=%s\n", quoteSystemd, ""), notUTF8},
	"json":    {writeEnvJSON, notUTF8},
}

func newline(s string) string {
	if strings.Contains(s, "\n") {
		return "has a newline"
	}
	return ""
}

func notUTF8(s string) string {
	if !utf8.ValidString(s) {
		return "is not UTF-8"
	}
	return ""
}

// leaveUnsaid takes out the variables that a format cannot say.
func (e *sessionEnv) leaveUnsaid(format string) {
	cannot := envFormats[format].cannot
	if cannot == nil {
		return
	}
	e.set = slices.DeleteFunc(e.set, func(s config.Setting) bool {
		why := cannot(s.Value)
		if why != "" {
			e.missing = append(e.missing, s.Name+" "+why+", which format "+format+" cannot say: it is left out")
		}
		return why != ""
	})
}

func envFormatNames() []string {
	return slices.Sorted(maps.Keys(envFormats))
}

func writeLines(set string, quote func(string) string, unset string) func(io.Writer, sessionEnv) error {
	return func(w io.Writer, e sessionEnv) error {
		for _, name := range e.unset {
			if unset == "" || !isName(name) {
				continue
			}
			if _, err := fmt.Fprintf(w, unset, name); err != nil {
				return err
			}
		}
		for _, s := range e.set {
			if _, err := fmt.Fprintf(w, set, s.Name, quote(s.Value)); err != nil {
				return err
			}
		}
		return nil
	}
}

type envReport struct {
	Set   map[string]string `json:"set"`
	Unset []string          `json:"unset"`
}

func writeEnvJSON(w io.Writer, e sessionEnv) error {
	report := envReport{map[string]string{}, append([]string{}, e.unset...)}
	for _, s := range e.set {
		report.Set[s.Name] = s.Value
	}
	return (&output{w: w}).asJSON(report)
}

// isName: the environment may hold other names than a shell takes, and they are
// the caller's.
func isName(name string) bool {
	for i, c := range []byte(name) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}

func quoteSh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// quoteCsh: history is expanded, and a line ends, between quotes, too (csh(1)).
func quoteCsh(s string) string {
	return strings.NewReplacer("!", `\!`, "\n", "\\\n").Replace(quoteSh(s))
}

func quoteFish(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// quoteSystemd is for environment generators and EnvironmentFile=. (A "$" in a file
// of environment.d(5) is expanded nevertheless.)
func quoteSystemd(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
}
