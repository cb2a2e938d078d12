// Package config reads /etc/tmpshell.conf. The grammar is that of
// sshd_config(5): see tmpshell.conf(5). What is read is compiled (package
// compile) into what a login looks at (package policy).
//
// It MUST NOT take anything from the caller: no environment variable and no
// argument reaches it. A file counts only when root owns it and nobody else can
// write it, checked on the open file.
package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"tmpshell/internal/capset"
	"tmpshell/internal/policy"
	"tmpshell/internal/source"
)

// Config is a parsed configuration. The zero value is the built-in one.
type Config struct {
	// Global is what stands before the first Match line.
	Global Section
	// Blocks are what Match lines begin, in their order.
	Blocks []*Section

	// Files are those that were read, in their order, a file that is
	// included twice twice.
	Files []string
	// Sources are all that the configuration was made from.
	Sources []source.Source

	// Notices are lines that are right but do not do what one might think.
	Notices []*Error
	// Unmet are lines that ask for what this machine does not have. A login
	// does without; whoever writes the line should know.
	Unmet []*Error
}

// Section is the global section, or a block that a Match line begins.
type Section struct {
	Pos Pos // of the Match line
	// Criteria are ANDed; none match everybody.
	Criteria []Criterion

	Values      []Given
	Directories []DirectoryLine
	SetEnv      []GivenSetting

	// given remembers where a keyword, or a Directory's path, was given.
	given map[string]Pos
}

// Given is the value that a section gives a keyword.
type Given struct {
	Pos Pos
	*Keyword
	Value Value
}

// GivenSetting is a Setting and where it stands.
type GivenSetting struct {
	Pos Pos
	Setting
}

// parser carries what is common to a file and all that it includes.
type parser struct {
	conf   *Config
	errs   []*Error
	loader *loader
	depth  int
}

// context is where in the configuration a line stands.
type context struct {
	section *Section
	// outer are the criteria of the Match block that included this file:
	// a Match inside it narrows them, as in sshd_config(5).
	outer []Criterion
}

// maxErrors: more is a file that is no configuration at all.
const maxErrors = 50

func (p *parser) file(name string, text string, ctx context) {
	text = strings.TrimPrefix(text, BOM)
	for n := 1; len(text) > 0 && len(p.errs) < maxErrors; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		pos := Pos{name, n}
		if err := p.line(pos, line, &ctx); err != nil {
			p.errs = append(p.errs, &Error{pos, err.Error()})
		}
	}
}

// BOM is what editors of other systems begin a file with that is UTF-8. It is no part of
// the text, and nobody sees it there.
const BOM = "\ufeff"

// visible quotes a word that has a character in it which nobody sees, or which looks like
// a blank.
func visible(word string) string {
	if q := strconv.Quote(word); strings.Contains(q, `\`) {
		return q
	}
	return word
}

func (p *parser) line(pos Pos, line string, ctx *context) error {
	args, err := words(line)
	if err != nil || len(args) == 0 {
		return err
	}
	if quoted := lostBackslash(line); quoted != "" {
		p.notice(pos, lost+quoted)
	}
	word := strings.ToLower(args[0])
	switch word {
	case "match":
		list, err := parseMatch(args[1:])
		ctx.section = &Section{Pos: pos, Criteria: slices.Concat(ctx.outer, list)}
		p.conf.Blocks = append(p.conf.Blocks, ctx.section)
		for i, c := range list {
			if c.isMetByNobody() {
				p.notice(pos, "the block has no effect: "+args[1+2*i]+" "+args[2+2*i]+" matches nobody; *,"+args[2+2*i]+" matches everybody else")
			}
		}
		return err
	case "include":
		return p.include(pos, args[1:], ctx)
	}
	key := word
	if word == "directory" && len(args) > 1 {
		key += " " + args[1]
	}
	s := ctx.section
	if first, again := s.given[key]; again && word != "setenv" {
		p.notice(pos, args[0]+" has no effect here: "+strings.TrimPrefix(key, "directory ")+" is set at "+first.String())
		s = new(Section) // still checked
	}
	if err := p.setting(s, pos, args); err != nil {
		return err
	}
	if s.given == nil {
		s.given = make(map[string]Pos)
	}
	s.given[key] = pos
	return nil
}

// setting adds one line to a section.
func (p *parser) setting(s *Section, pos Pos, args []string) error {
	switch word := args[0]; {
	case strings.EqualFold(word, "Directory"):
		d, err := parseDirectory(pos, args[1:])
		s.Directories = append(s.Directories, d)
		if d.Options["per"] == "session" && err == nil {
			p.notice(pos, "per=session"+notYet)
		}
		if entry := cache(d.Options["share"]); entry != "" && err == nil {
			p.notice(pos, "share="+entry+tickets)
		}
		return err
	case strings.EqualFold(word, "SetEnv"):
		list, err := parseSetEnv(args[1:])
		for _, one := range list {
			s.SetEnv = append(s.SetEnv, GivenSetting{pos, one})
		}
		return err
	}
	k := keyword(args[0])
	if k == nil {
		return errors.New("unknown keyword " + visible(args[0]) + didYouMean(args[0]))
	}
	v, err := k.parse(k.Name, args[1:])
	if err != nil {
		return err
	}
	s.Values = append(s.Values, Given{pos, k, v})
	if k.Slot == policy.SlotAmbient {
		if unknown := capset.Unknown(capset.Set(v.Number)); unknown != 0 {
			p.conf.Unmet = append(p.conf.Unmet, &Error{pos, "the running kernel does not have " + unknown.String()})
		}
	}
	return nil
}

func (p *parser) notice(pos Pos, text string) {
	p.conf.Notices = append(p.conf.Notices, &Error{pos, text})
}

// tickets ends the notice of a share= that names Kerberos caches: kinit(1) never writes
// to a file that is there, and so not through a link.
const tickets = " shows a session the ticket from before it, and nobody outside what kinit gets in the session: " +
	"for that, set default_ccache_name in krb5.conf, see tmpshell-apps(7)"

// IsOfTickets tells whether a notice is that.
func (e *Error) IsOfTickets() bool { return strings.HasSuffix(e.Message, tickets) }

// cache is the first entry that names such caches, by libkrb5's default name.
func cache(share string) string {
	for _, entry := range list(share) {
		if strings.HasPrefix(entry, "krb5") && !strings.HasSuffix(entry, "/") {
			return entry
		}
	}
	return ""
}

const notYet = " is not in effect yet in this version of tmpshell"
