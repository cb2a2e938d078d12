// Package config reads /etc/tmpshell.conf and answers which policy it sets for
// a subject. The grammar is that of sshd_config(5): see tmpshell.conf(5).
//
// It MUST NOT take anything from the caller: no environment variable and no
// argument reaches it. A file counts only when root owns it and nobody else can
// write it, checked on the open file.
package config

import (
	"errors"
	"strings"

	"tmpshell/internal/caps"
)

// Config is a parsed configuration. The zero value is the built-in one.
type Config struct {
	global settings
	blocks []*block

	// Files are those that were read, in their order, a file that is
	// included twice twice.
	Files []string

	// Notices are lines that are right but do not do what one might think.
	Notices []*Error
	// Unmet are lines that ask for what this machine does not have. A login
	// does without; whoever writes the line should know.
	Unmet []*Error
}

// block is what follows one Match line.
type block struct {
	criteria criteria
	settings
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
	settings *settings
	// outer are the criteria of the Match block that included this file:
	// a Match inside it narrows them, as in sshd_config(5).
	outer criteria
}

// maxErrors: more is a file that is no configuration at all.
const maxErrors = 50

func (p *parser) file(name string, text string, ctx context) {
	for n := 1; len(text) > 0 && len(p.errs) < maxErrors; n++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		pos := Pos{name, n}
		if err := p.line(pos, line, &ctx); err != nil {
			p.errs = append(p.errs, &Error{pos, err.Error()})
		}
	}
}

func (p *parser) line(pos Pos, line string, ctx *context) error {
	args, err := words(line)
	if err != nil || len(args) == 0 {
		return err
	}
	word := strings.ToLower(args[0])
	switch word {
	case "match":
		c, err := parseMatch(args[1:])
		b := &block{criteria: append(append(criteria{}, ctx.outer...), c...)}
		p.conf.blocks = append(p.conf.blocks, b)
		ctx.settings = &b.settings
		return err
	case "include":
		return p.include(pos, args[1:], ctx)
	}
	set, ok := keywords[word]
	if !ok {
		return errors.New("unknown keyword " + args[0])
	}
	s := ctx.settings
	key := word
	if word == "directory" && len(args) > 1 {
		key += " " + args[1]
	}
	if first, again := s.given[key]; again && word != "setenv" {
		p.notice(pos, args[0]+" has no effect here: "+strings.TrimPrefix(key, "directory ")+" is set at "+first.String())
		s = new(settings) // still checked
	}
	if err := set(s, pos, args[1:]); err != nil {
		return err
	}
	if s.given == nil {
		s.given = make(map[string]Pos)
	}
	s.given[key] = pos
	if word == "ambient" && s.ambient != nil {
		if unknown := caps.Unknown((Policy{Ambient: *s.ambient}).Grants()); unknown != 0 {
			p.conf.Unmet = append(p.conf.Unmet, &Error{pos, "the running kernel does not have " + unknown.String()})
		}
	}
	if missing := notInEffect(s, word); missing != "" {
		p.notice(pos, missing+" is not in effect yet in this version of tmpshell")
	}
	return nil
}

func (p *parser) notice(pos Pos, text string) {
	p.conf.Notices = append(p.conf.Notices, &Error{pos, text})
}

// notInEffect names what a line asks for and this version does not do.
func notInEffect(s *settings, word string) string {
	switch word {
	case "directory":
		d := s.directories[len(s.directories)-1]
		if _, ok := d.options["max-age"]; ok {
			return "max-age="
		}
	case "supervise":
		if *s.supervise {
			return "Supervise"
		}
	}
	return ""
}
