package ctl

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// envFormats are the ways of env to write variables. Whatever is in a value, what
// reads it gets that value and runs nothing.
var envFormats = map[string]func(io.Writer, sessionEnv) error{
	"sh":      writeLines("export %s=%s\n", quoteSh, "unset %s\n"),
	"csh":     writeLines("setenv %s %s;\n", quoteCsh, "unsetenv %s;\n"),
	"fish":    writeLines("set -gx %s %s;\n", quoteFish, "set -e %s;\n"),
	"systemd": writeLines("%s=%s\n", quoteSystemd, ""), // which has no word for it
	"json":    writeEnvJSON,
}

func envFormatNames() []string {
	var list []string
	for name := range envFormats {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
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

func writeEnvJSON(w io.Writer, e sessionEnv) error {
	report := struct {
		Set   map[string]string `json:"set"`
		Unset []string          `json:"unset"`
	}{map[string]string{}, append([]string{}, e.unset...)}
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

// quoteSystemd is for environment.d(5) and environment generators.
func quoteSystemd(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
}
