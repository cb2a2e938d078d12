package config

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"tmpshell/internal/capset"
	"tmpshell/internal/policy"
)

// Keyword is a keyword that gives one value. Directory and SetEnv, which may be
// given more than once, are not among them.
type Keyword struct {
	Name string // as it is documented
	Slot uint32 // what it is called in the compiled policy
	// Default is what is built in, in the words of the configuration.
	Default string
	parse   func(name string, args []string) (Value, error)
}

// Value is what a keyword was given.
type Value struct {
	Number uint64 // yes, deny: 1; the number of a log level; a set of capabilities
	Text   string // a path
	Items  []Item
}

// Keywords are all of them, in the order in which they are documented.
var Keywords = []Keyword{
	{"Exempt", policy.SlotExempt, "root", exempt},
	{"RuntimeDirectory", policy.SlotRuntime, "yes", oneOf("no", "yes")},
	{"Shell", policy.SlotShell, "", shell},
	{"OnFailure", policy.SlotDeny, "fallback", oneOf("fallback", "deny")},
	{"Supervise", policy.SlotSupervise, "no", oneOf("no", "yes")},
	{"NoNewPrivileges", policy.SlotNoNewPriv, "no", oneOf("no", "yes")},
	{"Ambient", policy.SlotAmbient, "none", ambient},
	{"Log", policy.SlotLog, "failures", oneOf(logLevels...)},
}

// keyword finds a row by its name in whatever case.
func keyword(name string) *Keyword {
	for i := range Keywords {
		if strings.EqualFold(Keywords[i].Name, name) {
			return &Keywords[i]
		}
	}
	return nil
}

// BuiltIn is the value of a keyword that nothing sets; false: there is none.
func (k *Keyword) BuiltIn() (Value, bool) {
	if k.Default == "" {
		return Value{}, false
	}
	v, err := k.parse(k.Name, []string{k.Default})
	return v, err == nil
}

// logLevels are the values of Log, in the order of policy.LogFailures…
var logLevels = []string{string(LogFailures), string(LogAll), string(LogNone)}

// oneOf takes one of some words, whose number is the value.
func oneOf(words ...string) func(string, []string) (Value, error) {
	return func(name string, args []string) (Value, error) {
		if len(args) == 1 {
			for i, w := range words {
				if strings.EqualFold(args[0], w) {
					return Value{Number: uint64(i)}, nil
				}
			}
		}
		last, found := len(words)-1, ""
		if len(args) > 0 {
			given := strings.Join(args, " ")
			found = ", not " + strconv.Quote(given) + meant(given, "", words...)
		}
		return Value{}, errors.New(name + " takes " + strings.Join(words[:last], ", ") + " or " + words[last] + found)
	}
}

func exempt(_ string, args []string) (Value, error) {
	if len(args) == 0 {
		return Value{}, errors.New("Exempt takes users, @groups, uids, uid ranges, or none")
	}
	list, err := parseExempt(args)
	return Value{Items: list}, err
}

func shell(_ string, args []string) (Value, error) {
	if len(args) != 1 || !path.IsAbs(args[0]) {
		found := ""
		if len(args) > 0 {
			found = ", not " + strconv.Quote(strings.Join(args, " "))
		}
		return Value{}, errors.New("Shell takes one absolute path" + found)
	}
	if IsWrapperName(args[0]) {
		return Value{}, errors.New("Shell is the real shell, and " + args[0] + " is tmpshell itself")
	}
	return Value{Text: args[0]}, nil
}

func ambient(_ string, args []string) (Value, error) {
	if len(args) == 0 {
		return Value{}, errors.New("Ambient takes names of capabilities, or none")
	}
	if len(args) == 1 && strings.EqualFold(args[0], "none") {
		return Value{}, nil
	}
	var all capset.Set
	for _, name := range args {
		one, ok := capset.Parse(name)
		if !ok {
			return Value{}, errors.New(strconv.Quote(name) + " is no capability" + likeCapability(name))
		}
		all |= one
	}
	return Value{Number: uint64(all)}, nil
}

// likeCapability ends a message about a word that is none. All names begin with cap_, which
// says nothing of what was meant.
func likeCapability(word string) string {
	var list []string
	for _, name := range capset.Names() {
		list = append(list, strings.TrimPrefix(name, "cap_"))
	}
	if name := Closest(strings.TrimPrefix(strings.ToLower(word), "cap_"), list); name != "" {
		return "; did you mean cap_" + name + "?"
	}
	return "; see capabilities(7) for names such as cap_net_raw"
}

// Setting is one NAME=VALUE of SetEnv, VALUE not yet expanded.
type Setting struct{ Name, Value string }

func parseSetEnv(args []string) ([]Setting, error) {
	if len(args) == 0 {
		return nil, errors.New("SetEnv takes NAME=VALUE")
	}
	var list []Setting
	for _, word := range args {
		name, value, ok := strings.Cut(word, "=")
		if !ok || !validName(name) {
			return nil, errors.New("SetEnv takes NAME=VALUE, not " + strconv.Quote(word))
		}
		if err := checkExpansion(value); err != nil {
			return nil, err
		}
		list = append(list, Setting{name, value})
	}
	return list, nil
}

// LogLevel is what goes to the system log.
type LogLevel string

// The values of Log.
const (
	LogFailures LogLevel = "failures"
	LogAll      LogLevel = "all"
	LogNone     LogLevel = "none"
)

// IsWrapperName tells whether a path names tmpshell, or a link of the kind
// tmpshell-zsh that asks it for another shell.
func IsWrapperName(p string) bool {
	base := path.Base(p)
	return base == "tmpshell" || strings.HasPrefix(base, "tmpshell-")
}
