package config

import (
	"strings"
	"testing"
)

// expand is what a login does: it replaces ${NAME} by what get returns for NAME; "$${" stands for a
// plain "${". A '$' before anything else is a plain '$'.
func expand(value string, get func(name string) string) string {
	var b strings.Builder
	for {
		i := strings.Index(value, "${")
		if i < 0 {
			b.WriteString(value)
			return b.String()
		}
		if i > 0 && value[i-1] == '$' {
			b.WriteString(value[:i-1] + "${")
			value = value[i+2:]
			continue
		}
		b.WriteString(value[:i])
		name, rest, _ := strings.Cut(value[i+2:], "}")
		b.WriteString(get(name))
		value = rest
	}
}

func TestExpand(t *testing.T) {
	vars := map[string]string{"A": "1", "B_2": "two words", "EMPTY": "", "DOLLAR": "${A}", "TAIL": "$"}
	get := func(name string) string { return vars[name] }
	for _, test := range []struct{ value, want string }{
		{"", ""},
		{"plain", "plain"},
		{"${A}", "1"},
		{"x${A}y", "x1y"},
		{"${A}${A}", "11"},
		{"${A}/${B_2}/", "1/two words/"},
		{"${UNSET}", ""},
		{"[${EMPTY}]", "[]"},
		{"$A", "$A"},
		{"$", "$"},
		{"$$", "$$"},
		{"$ {A}", "$ {A}"},
		{"{A}", "{A}"},
		{"$${A}", "${A}"},
		{"x$${A}y", "x${A}y"},
		{"$${A}${A}", "${A}1"},
		{"${A}$${A}", "1${A}"},
		{"$${$${", "${${"},
		{"$${", "${"},
		{"$$${A}", "$${A}"},
		{"${DOLLAR}", "${A}"},  // once only
		{"${TAIL}${A}", "$1"},  // what was put in quotes nothing
		{"${TAIL}{A}", "${A}"}, // and begins nothing
		{"${A}}", "1}"},
		{"h\xc3\xa9\xff${A}", "h\xc3\xa9\xff1"},
	} {
		if err := checkExpansion(test.value); err != nil {
			t.Errorf("checkExpansion(%q) = %v; want no error", test.value, err)
		}
		if got := expand(test.value, get); got != test.want {
			t.Errorf("Expand(%q) = %q; want %q", test.value, got, test.want)
		}
	}
	for _, bad := range []string{"${", "${}", "${A", "x${A${A}", "${1}", "${A B}", "${A-x}", "${A}${", "${\xff}", "$${A}${ }", "${${A}}"} {
		if err := checkExpansion(bad); err == nil || !strings.Contains(err.Error(), "${NAME} is not closed") {
			t.Errorf("checkExpansion(%q) = %v; want: ${NAME} is not closed, …", bad, err)
		}
	}
}

// Neither the check nor the expansion may read a value differently: a name is
// asked for exactly when the check has approved of it.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "${A}", "$${A}", "x$$${A}", "${A", "${}", "$${${A}$", "${A}$${B}${C}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		var asked []string
		got := expand(value, func(name string) string {
			asked = append(asked, name)
			return "<" + name + ">"
		})
		if checkExpansion(value) != nil {
			return
		}
		for _, name := range asked {
			if !validName(name) {
				t.Errorf("Expand(%q) asks for %q; want variable names alone", value, name)
			}
		}
		if want := expandSlowly(value); got != want {
			t.Errorf("Expand(%q) = %q; want %q", value, got, want)
		}
	})
}

// expandSlowly goes by the letters: "$${" first, then "${".
func expandSlowly(v string) string {
	switch {
	case v == "":
		return ""
	case strings.HasPrefix(v, "$${"):
		return "${" + expandSlowly(v[3:])
	case strings.HasPrefix(v, "${"):
		name, rest, _ := strings.Cut(v[2:], "}")
		return "<" + name + ">" + expandSlowly(rest)
	}
	return v[:1] + expandSlowly(v[1:])
}
