package launch

import (
	"unicode/utf8"

	"tmpshell/internal/accounts"
	"tmpshell/internal/bare"
	"tmpshell/internal/build"
	"tmpshell/internal/policy"
)

// What tmpshell has to say to a person. The rules: only on standard error,
// never on standard output, where scp, rsync and git would take it for data.
// One line a failure, "tmpshell: what failed: why", lower case, no period; a
// hint on the next line where there is one. Bytes that a terminal would obey or
// could not show are written as '?': a message may quote a file name that
// somebody else chose.

const (
	program   = "tmpshell: "
	setupHint = `an administrator can run "tmpshellctl setup"`
	maxLine   = 2048
)

// severities of syslog(3), facility authpriv.
const (
	logWarning = 10<<3 | 4
	logInfo    = 10<<3 | 6
)

// print writes to standard output: the only two answers that belong there.
func (l *launcher) print(a, b, c string) int {
	t := l.strings.text()
	t.Add(a)
	t.Add(b)
	t.Add(c)
	if e := bare.Write(1, t.String()); e != 0 {
		l.tell("standard output", e.Text(), "")
		return ExitOwn
	}
	return 0
}

// tell writes a line to standard error; parts that are empty are left out.
func (l *launcher) tell(what, why, hint string) {
	var buf [maxLine]byte
	t := bare.NewText(buf[:])
	t.Add(program)
	t.Add(what)
	if what != "" && why != "" && why[0] != ' ' {
		t.Add(": ")
	}
	t.Add(why)
	clean(t.Bytes())
	t.EndLine()
	_ = bare.Write(2, t.String()) // a closed or full standard error must not stop a login
	if hint != "" {
		l.tell("hint", hint, "")
	}
}

// toTerminal tells whether a person sees what is said on standard error. A
// container has no system log: what --exec cannot do is always said there. That of a
// batch job is a file that they read.
func (l *launcher) toTerminal() bool {
	return l.inv.Mode == Program || l.session.batch || bare.IsTerminal(2)
}

// complain says that a session does not get what it should: to the log, and on
// standard error where there is somebody, or where there is no session.
func (l *launcher) complain(t *bare.Trouble) {
	var buf [maxLine]byte
	text := bare.NewText(buf[:])
	t.Tell(&text)
	switch {
	case l.verdict == refused:
		text.Add("; no session")
	case l.verdict == plain:
		text.Add("; a session without private directories")
	}
	l.log(logWarning, l.outcome(), text.String())
	if l.verdict == refused || l.toTerminal() {
		hint := ""
		if l.session.setup {
			hint = setupHint
		}
		l.tell(text.String(), "", hint)
	}
}

// warn is for what an administrator should know and the session bears.
func (l *launcher) warn(text string) { l.log(logWarning, noticed, text) }

// The first word of a line in the system log, for filters: what came of the
// session, or a notice that says nothing of it.
const (
	granted  = "granted"
	fallback = "fallback"
	denied   = "denied"
	noticed  = "notice"
)

// outcome is the word for a session that does not get what it should.
func (l *launcher) outcome() string {
	if l.verdict == refused {
		return denied
	}
	l.session.fell = true
	return fallback
}

// notice is a warning that --exec gives on standard error, too, see toTerminal.
func (l *launcher) notice(text string) {
	l.warn(text)
	if l.inv.Mode == Program {
		l.tell(text, "", "")
	}
}

// log sends a line to the system log: the protocol of syslog(3) over the
// datagram socket /dev/log. One that is missing, full or slow delays nothing.
func (l *launcher) log(priority uint64, outcome, text string) {
	if l.session.known == resolved && (l.policy.Log == policy.LogNone || priority == logInfo && l.policy.Log != policy.LogAll) {
		return
	}
	var buf [maxLine + 100]byte
	t := bare.NewText(buf[:])
	t.AddByte('<')
	t.AddUint(priority, 10)
	t.Add(">tmpshell[")
	t.AddUint(uint64(bare.Getpid()), 10)
	t.Add("]: ")
	t.Add(outcome)
	t.Add(" uid=")
	t.AddUint(uint64(l.uid), 10)
	l.addName(&t)
	t.Add(": ")
	t.Add(text)
	clean(t.Bytes())
	fd, e := bare.Datagram()
	if e != 0 {
		return
	}
	bare.SendTo(fd, build.SyslogSocket, t.Bytes())
	bare.Close(fd)
}

// addName adds the login name, where it is known without asking anybody. While a
// line of an account file is looked at, which would be lost, it is not.
func (l *launcher) addName(t *bare.Text) {
	if accounts.Busy() {
		return
	}
	var a accounts.Account
	found, trouble := accounts.ByUID(l.uid, &a)
	name := a.Name
	if !found && trouble.OK() && policyFile.Size() != 0 {
		name, _, found = policyFile.Learnt(policy.SubjectUser, l.uid)
	}
	if found && name != "" && len(name) < 256 {
		t.Add(" user=")
		t.Add(name)
	}
}

// clean writes '?' over control characters, those of eight bits (U+009B begins a
// sequence as ESC [ does) included, and over bytes that are not UTF-8.
func clean(b []byte) {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r < ' ' || 0x7f <= r && r < 0xa0 || r == utf8.RuneError && n == 1 {
			for i := range n {
				b[i] = '?'
			}
		}
		b = b[n:]
	}
}
