package launch

import (
	"strings"

	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
	"tmpshell/internal/private"
)

// sayInTheEnvironment names the directories, and sets what SetEnv says.
func (l *launcher) sayInTheEnvironment() {
	l.unsetForeign()
	if l.policy.Exempt {
		return
	}
	s := &l.session
	for i := range s.n {
		l.nameDirectory(&s.list[i])
	}
	if s.runtime != "" {
		l.setVariable(runtimeVariable, s.runtime)
	} else if !s.keepRuntime {
		l.env.Unset(runtimeVariable)
	}
	l.setConfigured()
	l.logSession()
}

func (l *launcher) setVariable(name, value string) {
	l.env.Set(name, pointer(l.strings.join(name, "=", value)))
}

// unsetForeign removes the variables that name another user's directory.
func (l *launcher) unsetForeign() {
	l.unsetForeignOf(tmpVariables)
	for i := range l.session.n {
		l.unsetForeignOf(l.session.list[i].Variables)
	}
}

func (l *launcher) unsetForeignOf(list string) {
	for rest, more := list, list != ""; more; {
		var name string
		name, rest, more = strings.Cut(rest, ",")
		// Of duplicates, getenv(3) takes the first, and a shell the last.
		for i := 0; i < l.env.n; i++ {
			value, ok := bare.ValueOf(l.env.entries[i], name)
			if ok && private.IsOthers(bare.String(value), l.uid) {
				l.env.Unset(name)
				break
			}
		}
	}
}

// setConfigured sets the variables of SetEnv, in their order.
func (l *launcher) setConfigured() {
	for slot := uint32(0); ; {
		next, name, value, ok := l.policy.SetEnv(slot)
		if !ok {
			return
		}
		slot = next
		t := l.strings.text()
		t.Add(name)
		t.AddByte('=')
		l.expand(&t, value)
		l.env.Set(name, pointer(l.strings.keep(&t)))
	}
}

// expand writes a value with ${NAME} replaced by the variable; "$${" stands for
// a plain "${". A '$' before anything else is a plain '$'.
func (l *launcher) expand(t *bare.Text, value string) {
	for {
		i := strings.Index(value, "${")
		if i < 0 {
			t.Add(value)
			return
		}
		if i > 0 && value[i-1] == '$' {
			t.Add(value[:i-1])
			t.Add("${")
			value = value[i+2:]
			continue
		}
		t.Add(value[:i])
		name, rest, _ := strings.Cut(value[i+2:], "}")
		if v, ok := l.env.Get(name); ok {
			t.Add(bare.String(v))
		}
		value = rest
	}
}

// logSession is for Log all.
func (l *launcher) logSession() {
	if l.policy.Log != policy.LogAll {
		return
	}
	var buf [maxLine]byte
	t := bare.NewText(buf[:])
	outcome := granted
	if l.session.fell {
		outcome = fallback
	}
	t.Add("session")
	for i := range l.session.n {
		d := &l.session.list[i]
		for rest, more := d.Variables, d.Variables != ""; more; {
			var name string
			name, rest, more = strings.Cut(rest, ",")
			if value, ok := l.env.Get(name); ok {
				t.AddByte(' ')
				t.Add(name)
				t.AddByte('=')
				t.Add(bare.String(value))
			}
		}
	}
	l.log(logInfo, outcome, t.String())
}
