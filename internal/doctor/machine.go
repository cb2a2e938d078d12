package doctor

import (
	"os"
	"slices"
	"strings"

	"tmpshell/internal/account"
	"tmpshell/internal/build"
	"tmpshell/internal/config"
	"tmpshell/internal/needs"
	"tmpshell/internal/wrapper"
)

// machine is what more than one check goes by.
type machine struct {
	// conf is in force: the built-in one where confErr says why.
	conf    *config.Config
	confErr error
	needs   needs.Needs

	// users are the accounts whose shell has a name of tmpshell's.
	users    []account.Account
	usersErr error
}

func newMachine() *machine {
	m := &machine{}
	m.conf, m.confErr = config.Load(build.Config)
	if m.confErr != nil {
		m.conf = &config.Config{}
	}
	m.needs = needs.OfConfig(m.conf)
	m.users, m.usersErr = wrapper.Users()
	return m
}

// variables are those that name private directories, of anybody.
func (m *machine) variables() []string {
	var list []string
	for _, p := range m.conf.Variants() {
		for _, d := range p.Directories {
			for _, v := range d.Variables {
				if !slices.Contains(list, v) {
					list = append(list, v)
				}
			}
		}
	}
	return list
}

// numbered is a line of a file.
type numbered struct {
	file string
	line int
	text string
}

// lines reads a text file of an administrator's, comments and empty lines left
// out.
func lines(file string) ([]numbered, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return linesOf(file, string(text)), nil
}

func linesOf(file, text string) []numbered {
	var list []numbered
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' {
			list = append(list, numbered{file, n, line})
		}
	}
	return list
}

// at names the line's place.
func (n numbered) at() string { return config.Pos{File: n.file, Line: n.line}.String() }
