package config

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"tmpshell/internal/caps"
)

// settings are the keywords that one block gives; nil: not given there.
type settings struct {
	exempt    *Exempt
	runtime   *bool
	shell     *string
	deny      *bool
	supervise *bool
	nnp       *bool
	ambient   *[]string
	log       *LogLevel

	directories []directoryLine
	setEnv      []Setting

	// given remembers where a keyword, or a Directory's path, was given.
	given map[string]Pos
}

// Setting is one NAME=VALUE of SetEnv, VALUE not yet expanded.
type Setting struct{ Name, Value string }

// LogLevel is what goes to the system log.
type LogLevel string

// The values of Log.
const (
	LogFailures LogLevel = "failures"
	LogAll      LogLevel = "all"
	LogNone     LogLevel = "none"
)

// keywords in lower case. A value is set once: the first one counts, as in
// sshd_config(5).
var keywords = map[string]func(*settings, Pos, []string) error{
	"exempt": func(s *settings, _ Pos, a []string) (err error) {
		if len(a) == 0 {
			return errors.New("Exempt takes users, @groups, uids, uid ranges, or none")
		}
		s.exempt, err = parseExempt(a)
		return err
	},
	"directory": func(s *settings, pos Pos, a []string) error {
		d, err := parseDirectory(pos, a)
		s.directories = append(s.directories, d)
		return err
	},
	"setenv": func(s *settings, _ Pos, a []string) error {
		if len(a) == 0 {
			return errors.New("SetEnv takes NAME=VALUE")
		}
		for _, word := range a {
			name, value, ok := strings.Cut(word, "=")
			if !ok || !validName(name) {
				return errors.New("SetEnv takes NAME=VALUE, not " + strconv.Quote(word))
			}
			if err := checkExpansion(value); err != nil {
				return err
			}
			s.setEnv = append(s.setEnv, Setting{name, value})
		}
		return nil
	},
	"shell": func(s *settings, _ Pos, a []string) error {
		if len(a) != 1 || !path.IsAbs(a[0]) {
			return errors.New("Shell takes one absolute path")
		}
		if IsWrapperName(a[0]) {
			return errors.New("Shell is the real shell, and " + a[0] + " is tmpshell itself")
		}
		s.shell = &a[0]
		return nil
	},
	"runtimedirectory": yesNo("RuntimeDirectory", func(s *settings) **bool { return &s.runtime }),
	"supervise":        yesNo("Supervise", func(s *settings) **bool { return &s.supervise }),
	"nonewprivileges":  yesNo("NoNewPrivileges", func(s *settings) **bool { return &s.nnp }),
	"onfailure": func(s *settings, _ Pos, a []string) error {
		i, err := oneOf("OnFailure", a, "fallback", "deny")
		deny := i == 1
		s.deny = &deny
		return err
	},
	"log": func(s *settings, _ Pos, a []string) error {
		levels := []LogLevel{LogFailures, LogAll, LogNone}
		i, err := oneOf("Log", a, "failures", "all", "none")
		s.log = &levels[i]
		return err
	},
	"ambient": func(s *settings, _ Pos, a []string) error {
		if len(a) == 0 {
			return errors.New("Ambient takes names of capabilities, or none")
		}
		s.ambient = &[]string{}
		if len(a) == 1 && strings.EqualFold(a[0], "none") {
			return nil
		}
		for _, name := range a {
			if _, ok := caps.Parse(name); !ok {
				return errors.New(strconv.Quote(name) + " is no capability; see capabilities(7) for names such as cap_net_raw")
			}
			*s.ambient = append(*s.ambient, strings.ToLower(name))
		}
		return nil
	},
}

func yesNo(name string, field func(*settings) **bool) func(*settings, Pos, []string) error {
	return func(s *settings, _ Pos, a []string) error {
		i, err := oneOf(name, a, "no", "yes")
		yes := i == 1
		*field(s) = &yes
		return err
	}
}

func oneOf(name string, args []string, values ...string) (int, error) {
	if len(args) == 1 {
		for i, v := range values {
			if strings.EqualFold(args[0], v) {
				return i, nil
			}
		}
	}
	return 0, errors.New(name + " takes " + strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1])
}

// IsWrapperName tells whether a path names tmpshell, or a link of the kind
// tmpshell-zsh that asks it for another shell.
func IsWrapperName(p string) bool {
	base := path.Base(p)
	return base == "tmpshell" || strings.HasPrefix(base, "tmpshell-")
}
