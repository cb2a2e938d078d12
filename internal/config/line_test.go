package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestWords(t *testing.T) {
	for _, test := range []struct {
		line string
		want []string
	}{
		{"", nil},
		{"  \t ", nil},
		{"\r", nil},
		{"# all of it", nil},
		{"   # all of it", nil},
		{"Log all", []string{"Log", "all"}},
		{"\tLog \t all  ", []string{"Log", "all"}},
		{"Log all\r", []string{"Log", "all"}},
		{"Log all # why", []string{"Log", "all"}},
		{"Log all\t#why", []string{"Log", "all"}},
		{"Log all # don't", []string{"Log", "all"}},
		{`Log all # a " and a \`, []string{"Log", "all"}},
		{"Log all#why", []string{"Log", "all#why"}},
		{"A#b #c", []string{"A#b"}},
		{"SetEnv A='b # c' # d", []string{"SetEnv", "A=b # c"}},
		{`SetEnv A="b # c" # d`, []string{"SetEnv", "A=b # c"}},
		{`SetEnv A='b'# c`, []string{"SetEnv", "A=b#", "c"}},
		{`SetEnv ''#c`, []string{"SetEnv", "#c"}},
		{`SetEnv \# b`, []string{"SetEnv", "#", "b"}},
		{`SetEnv a\ #b`, []string{"SetEnv", "a #b"}},
		{`SetEnv '\' #b`, []string{"SetEnv", `\`}},
		{`SetEnv "\"" #b`, []string{"SetEnv", `"`}},
		{`SetEnv "\" #b"`, []string{"SetEnv", `" #b`}},
		{`SetEnv "it's" 'say "x"'`, []string{"SetEnv", "it's", `say "x"`}},
		{`SetEnv "" ''`, []string{"SetEnv", "", ""}},
		{`SetEnv A=$HOME B="$HOME" C=$(id)`, []string{"SetEnv", "A=$HOME", "B=$HOME", "C=$(id)"}},
		{"SetEnv A=*", []string{"SetEnv", "A=*"}},
		{"SetEnv A=h\xc3\xa9 B=\xff", []string{"SetEnv", "A=h\xc3\xa9", "B=\xff"}},
		{"SetEnv A=\v\f", []string{"SetEnv", "A=\v\f"}},
	} {
		got, err := words(test.line)
		if err != nil || !cmp.Equal(got, test.want, cmpopts.EquateEmpty()) {
			t.Errorf("words(%q) = %q, %v; want %q", test.line, got, err, test.want)
		}
	}
}

func TestLostBackslash(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{`Match User CORP\carol`, `'CORP\carol'`},
		{`Match User CORP\carol,CORP\dave Group x`, `'CORP\carol,CORP\dave'`},
		{`Exempt root @CORP\domain\ users`, `'@CORP\domain users'`},
		{`Exempt CORP\carol"'"s`, `CORP\\carol\'s`},
		{`Match User 'CORP\carol'`, ""},
		{`Match User "CORP\carol"`, ""},
		{`Match User CORP\\carol`, ""},
		{`Exempt domain\ users`, ""},
		{`SetEnv A=\$HOME B=\"x\" C=\# D=it\'s`, ""},
		{`Log all # CORP\carol`, ""},
	} {
		if got := lostBackslash(test.line); got != test.want {
			t.Errorf("lostBackslash(%s) = %s; want %s", test.line, got, test.want)
		}
	}
}

func TestWordsFaults(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Log a\x00ll", "NUL"},
		{"# comment\x00", "NUL"},
		{"Log 'all", "single quote"},
		{"Log 'all # x", "single quote"},
		{`Log "all`, "double quote"},
		{`Log "all\"`, "double quote"},
		{`Log "all # x`, "double quote"},
		{`Log all\`, "backslash"},
		{"Log all\\\r", "backslash"},
		{`Log all \`, "backslash"},
	} {
		got, err := words(test.line)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("words(%q) = %q, %v; want an error about: %s", test.line, got, err, test.want)
		}
	}
}

// Every error has the form FILE:LINE: message, and all of them are given.
func TestErrorsHaveLines(t *testing.T) {
	_, err := Parse("/etc/x.conf", "Log all\r\n\r\nLog some\r\n# fine\r\nNonsense\r\nLog 'all\r\n")
	want := "/etc/x.conf:3: Log takes failures, all or none, not \"some\"\n" +
		"/etc/x.conf:5: unknown keyword Nonsense\n" +
		"/etc/x.conf:6: a single quote is not closed on its line"
	if err == nil || err.Error() != want {
		t.Errorf("Parse = %v; want\n%s", err, want)
	}
	if got, want := (&Error{Pos{File: "f"}, "why"}).Error(), "f: why"; got != want {
		t.Errorf("Error without a line = %q; want %q", got, want)
	}
}

// A file that is no configuration is not reported line by line to its end.
func TestErrorsAreBounded(t *testing.T) {
	_, err := Parse("conf", strings.Repeat("x\n", 100000))
	errs, ok := err.(Errors)
	if !ok || len(errs) != maxErrors {
		t.Errorf("Parse of 100000 wrong lines gives %d errors; want %d", len(errs), maxErrors)
	}
}
