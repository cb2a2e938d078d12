// Package migrate writes tmpshell.conf(5) from the configuration of what tmpshell
// is to take the place of.
package migrate

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"tmpshell/internal/config"
	"tmpshell/internal/msg"
)

// Source is a file that was read.
type Source struct{ Name, Text string }

// Finding is a line, or a part of one, that has no equivalent.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
}

// namespace collects what namespace.conf(5) comes to: lines for everybody, and
// blocks for those whom a line names.
type namespace struct {
	global   []string
	blocks   []block
	off      []block         // those for whom a line of everybody's is not
	has      map[string]bool // a directory and a user who has a line of their own for it
	notes    []string
	findings []Finding
}

type block struct{ users, lines []string }

// Namespace reads namespace.conf(5) of pam_namespace(8), of the files in their
// order, and returns an equivalent configuration.
func Namespace(files []Source) (conf string, findings []Finding) {
	n := &namespace{has: map[string]bool{}, findings: []Finding{}}
	for _, f := range files {
		number := 0
		for text := range strings.Lines(strings.TrimPrefix(f.Text, config.BOM)) {
			number++
			text, _, _ = strings.Cut(text, "#")
			if fields := split(text); len(fields) > 0 {
				n.line(config.Pos{File: f.Name, Line: number}, fields)
			}
		}
	}
	return n.write(files), n.findings
}

// split cuts a line at blanks that are not in double quotes.
func split(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(c rune) bool {
		if c == '"' {
			quoted = !quoted
			return true
		}
		return !quoted && strings.ContainsRune(" \t\r\n", c)
	})
}

// quoted is a word of tmpshell.conf(5).
func quoted(word string) string {
	if strings.ContainsAny(word, " \t'\"\\") {
		return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
	}
	return word
}

func (n *namespace) none(at config.Pos, format string, args ...any) {
	n.findings = append(n.findings, Finding{at.File, at.Line, fmt.Sprintf(format, args...)})
}

// line takes one polyinstantiated directory: polydir, instance prefix, method with
// flags, users.
func (n *namespace) line(at config.Pos, fields []string) {
	if len(fields) < 3 || len(fields) > 4 {
		n.none(at, "is no line of namespace.conf(5): that has three fields or four, and this one %d", len(fields))
		return
	}
	dir := path.Clean(fields[0])
	if strings.Contains(fields[0], "$") {
		n.none(at, "%s: a directory whose name depends on the user has no equivalent", fields[0])
		return
	}
	method, flags, _ := strings.Cut(fields[2], ":")
	line := "Directory " + quoted(dir)
	switch method {
	case "user":
		line += " mount"
	case "tmpfs":
		line += " tmpfs"
	case "tmpdir":
		n.none(at, "%s: method tmpdir, a directory that is removed with the session, has no equivalent; the nearest is: Directory %s tmpfs", dir, dir)
		return
	case "level", "context":
		n.none(at, "%s: method %s, an instance for each SELinux level or context, has no equivalent; for one for each user: Directory %s mount", dir, method, dir)
		return
	default:
		n.none(at, "%s: there is no method %s", dir, method)
		return
	}
	line += n.flags(at, dir, method, flags)
	if _, err := config.Parse("line", line+"\n"); err != nil {
		why := err.Error()
		n.none(at, "%s: %s", dir, why[strings.Index(why, ": ")+2:])
		return
	}
	who := ""
	if len(fields) == 4 {
		who = fields[3]
	}
	n.users(at, dir, line, who)
}

// flags are the options of the Directory line for those of the method.
func (n *namespace) flags(at config.Pos, dir, method, flags string) string {
	var options string
	for flag := range strings.SplitSeq(flags, ":") {
		switch name, value, _ := strings.Cut(flag, "="); name {
		case "":
		case "mntopts":
			if method != "tmpfs" {
				n.none(at, "%s: mntopts= is for method tmpfs", dir)
				continue
			}
			options += n.mountOptions(at, dir, value)
		case "noinit":
		case "iscript":
			n.none(at, "%s: %s: no script is run for a session", dir, flag)
		case "create":
			n.none(at, "%s: %s: the directory is not made; tmpfiles.d(5) can make it at boot", dir, flag)
		default:
			n.none(at, "%s: the flag %s has no equivalent", dir, flag)
		}
	}
	return options
}

// mountOptions splits those of tmpfs(5).
func (n *namespace) mountOptions(at config.Pos, dir, value string) string {
	var options string
	var plain []string
	for o := range strings.SplitSeq(value, ",") {
		switch name, v, _ := strings.Cut(o, "="); name {
		case "size":
			options += " size=" + v
		case "nr_inodes":
			options += " inodes=" + v
		case "noexec", "noatime":
			plain = append(plain, name)
		case "nosuid", "nodev", "": // always
		default:
			n.none(at, "%s: the mount option %s has no equivalent", dir, o)
		}
	}
	if len(plain) > 0 {
		options += " options=" + strings.Join(plain, ",")
	}
	return options
}

// users says for whom a line is: for all but those that are listed, or with '~' for
// them alone.
func (n *namespace) users(at config.Pos, dir, line, who string) {
	list, only := strings.CutPrefix(who, "~")
	names := strings.FieldsFunc(list, func(c rune) bool { return c == ',' })
	for _, name := range names {
		if strings.ContainsAny(name, "*?!\" '\\") {
			n.none(at, "%s: %q is no name of a user that Match could have", dir, name)
			return
		}
	}
	withRoot := slices.Contains(names, "root") == only
	names = slices.DeleteFunc(names, func(name string) bool { return name == "root" })
	if withRoot {
		n.notes = append(n.notes, at.String()+": "+dir+": root has an instance of pam_namespace's, and is exempt here; for one: Exempt none")
	}
	switch {
	case only:
		if dir == "/tmp" {
			n.notes = append(n.notes, at.String()+": /tmp: the others get a directory by TMPDIR, as built in; for none: Directory /tmp off")
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			second := n.has[dir+":"+name]
			if second {
				n.none(at, "%s: a second line for it and %s; the first one counts", dir, name)
			}
			n.has[dir+":"+name] = true
			return second
		})
		n.add(names, line)
	default:
		if slices.ContainsFunc(n.global, func(l string) bool { return strings.HasPrefix(l, "Directory "+quoted(dir)+" ") }) {
			n.none(at, "%s: a second line for it; the first one counts", dir)
			return
		}
		n.global = append(n.global, line)
		n.off = append(n.off, block{names, []string{dir}})
	}
}

// add adds a line to the block of these users.
func (n *namespace) add(users []string, line string) {
	if len(users) == 0 {
		return
	}
	for i := range n.blocks {
		if slices.Equal(n.blocks[i].users, users) {
			n.blocks[i].lines = append(n.blocks[i].lines, line)
			return
		}
	}
	n.blocks = append(n.blocks, block{users, []string{line}})
}

func (n *namespace) write(files []Source) string {
	for _, o := range n.off { // now that it is known who has another line for it
		dir := o.lines[0]
		n.add(slices.DeleteFunc(o.users, func(name string) bool { return n.has[dir+":"+name] }), "Directory "+quoted(dir)+" off")
	}
	var b strings.Builder
	var names []string
	for _, f := range files {
		names = append(names, f.Name)
	}
	fmt.Fprintf(&b, "# From %s, by tmpshellctl import.\n", strings.Join(names, ", "))
	b.WriteString("# Files in the instances of pam_namespace stay where they are; those of tmpshell are\n" +
		"# in /var/lib/tmpshell. For X and others that meet in /tmp: share=.X11-unix/,.ICE-unix/\n")
	for _, note := range n.notes {
		fmt.Fprintf(&b, "# %s\n", msg.Line(note))
	}
	for _, f := range n.findings {
		fmt.Fprintf(&b, "# No equivalent: %s:%d: %s\n", f.File, f.Line, msg.Line(f.Message))
	}
	b.WriteString("\n")
	for _, line := range n.global {
		fmt.Fprintln(&b, line)
	}
	for _, block := range n.blocks {
		fmt.Fprintf(&b, "\nMatch User %s\n", strings.Join(block.users, ","))
		for _, line := range block.lines {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}
