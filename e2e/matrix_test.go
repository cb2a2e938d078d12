package e2e

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// realShell is a column of the matrix: a shell, and the name by which tmpshell
// becomes it.
type realShell struct{ name, path, tmpshell string }

var realShells = []realShell{
	{"bash", "/bin/bash", rig.Tmpshell},
	{"zsh", "/bin/zsh", rig.Tmpshell + "-zsh"},
	{"dash", "/bin/dash", rig.Tmpshell + "-dash"},
	{"fish", "/usr/bin/fish", rig.Tmpshell + "-fish"},
	{"ash", "/usr/local/bin/ash", rig.Tmpshell + "-ash"}, // busybox
}

// environment is the session's but for what may differ. fish gives its
// children another order each time.
func (s realShell) environment(env, without []string, unordered bool) []string {
	env = rig.Session{Env: env}.Without(without...)
	// sudo -i sets SHELL twice, and zsh passes both on. With tmpshell every
	// variable that it sets is there once.
	var once []string
	for _, e := range env {
		if !strings.HasPrefix(e, "SHELL=") || !slices.Contains(once, e) {
			once = append(once, e)
		}
	}
	if env = once; unordered || s.name == "fish" {
		slices.Sort(env)
	}
	return env
}

// caller is a row of the matrix: one way to start a session.
type caller struct {
	name string
	// login has the script run by the account's shell. Its result is compared
	// to the byte; what the caller itself varies it leaves out.
	login func(t *testing.T, a *rig.Account, script string) rig.Result
	// varies are variables that the caller never sets twice to the same, or
	// to the passwd shell.
	varies []string
	// lacks are variables of tmpshell's that the caller takes away.
	lacks []string
	// silent: no program of the session observes.
	silent bool
	// unordered: the caller keeps no order of the variables.
	unordered bool
	// leaks: sessions inherit pipes of others that begin at the same time.
	leaks bool
	// mounts: others mount and unmount something meanwhile.
	mounts bool
	// supervised: the directories go with the last session.
	supervised bool
	// only are the shells to try, in place of all.
	only []string
}

// firstUID begins the accounts of the shells. Limits on a user's processes count
// those of all views, and other tests set such limits for the usual numbers.
const firstUID = 3000

// script is what every session of the matrix runs, in any shell's language.
const script = "observe; exit 7"

// exitStatus is what the session's script ends with: a value that no program
// on the way has a meaning for.
const exitStatus = 7

// own are the variables that tmpshell may change.
var own = append([]string{"XDG_RUNTIME_DIR"}, rig.Variables...)

// changing are variables that differ between two sessions of one kind, or name
// the passwd shell for what it is.
var changing = []string{"SSH_CLIENT", "SSH_CONNECTION", "SSH_TTY", "SUDO_COMMAND", "_"}

// matrix has each caller start each of the usual shells.
func matrix(t *testing.T, title string, callers []caller) {
	t.Helper()
	matrixShare(t, title, sample.Of(16), callers)
}

// matrixShare is matrix with another share of the cells.
func matrixShare(t *testing.T, title string, share sample.Share, callers []caller) {
	t.Helper()
	view.Need(t, "bash", "zsh", "dash", "fish", "busybox")
	addAsh(t)
	matrixOf(t, title, share, realShells, callers)
}

// addAsh gives busybox the name that makes it a shell.
func addAsh(t *testing.T) {
	t.Helper()
	rig.Must(t, "ln", "-s", "/bin/busybox", "/usr/local/bin/ash")
	rig.Sh(t, "echo /usr/local/bin/ash >>/etc/shells")
}

// matrixOf has each caller start each shell twice, as the passwd shell itself
// and by tmpshell. Every shell has an account of its own.
func matrixOf(t *testing.T, title string, share sample.Share, shells []realShell, callers []caller, conf ...string) {
	t.Helper()
	rig.Install(t, conf...)
	installObserver(t)
	cells := make([][]string, len(callers))
	for i := range cells {
		cells[i] = make([]string, len(shells))
	}
	t.Run("matrix", func(t *testing.T) {
		for column, s := range shells {
			a := shellAccount(t, s, firstUID+uint32(column))
			// Some callers give the first session another group.
			first := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "/bin/true"}}.Run(t)
			if first.Status != 0 {
				t.Errorf("%s: the first session: %+v", s.name, first)
			}
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				for row, c := range callers {
					switch {
					case c.only != nil && !slices.Contains(c.only, s.name):
					case !share.Has(title, c.name, s.name):
						cells[row][column] = notChosen
					default:
						cells[row][column] = c.cell(t, s, a)
					}
				}
			})
		}
	})
	view.Tell(table(title, shells, callers, cells) + fmt.Sprintf("cells: %v\n", share))
}

// notChosen is a cell that another seed tries, and make test-all.
const notChosen = "."

const countLine = "cells tried %d, same %d, different %d\n"

// count sums the cells of a table up.
func count(cells [][]string) string {
	tried, same := 0, 0
	for _, verdict := range slices.Concat(cells...) {
		if verdict != "" && verdict != notChosen {
			tried++
		}
		if verdict == "same" {
			same++
		}
	}
	return fmt.Sprintf(countLine, tried, same, tried-same)
}

// total sums the tables up that tests in their views have told.
func total(told string) string {
	tables, tried, same := 0, 0, 0
	for line := range strings.Lines(told) {
		var t, s, d int
		if n, _ := fmt.Sscanf(line, countLine, &t, &s, &d); n == 3 {
			tables, tried, same = tables+1, tried+t, same+s
		}
	}
	if tables < 2 {
		return ""
	}
	return "all callers: " + fmt.Sprintf(countLine, tried, same, tried-same)
}

// shellAccount is an account whose shells ask nothing and read their files.
func shellAccount(t *testing.T, s realShell, uid uint32) *rig.Account {
	t.Helper()
	if s.tmpshell != rig.Tmpshell {
		rig.Must(t, "ln", "-s", "tmpshell", s.tmpshell)
		rig.Setup(t) // lists the link
	}
	a := rig.AddUser(t, rig.Account{Name: "u" + s.name, UID: uid, Shell: s.path})
	for file, text := range map[string]string{
		".profile": "export PROFILE=read; PS1='" + prompt + "'\n", ".bashrc": "PS1='" + prompt + "'\n",
		".zprofile": "export PROFILE=read\n", ".zshrc": "unsetopt zle; PS1='" + prompt + "'\n",
		".config/fish/config.fish": "set -g fish_greeting; status is-login; and set -gx PROFILE read\n" +
			"function fish_prompt; echo -n '" + prompt + "'; end\n",
	} {
		rig.Write(t, a.Home+"/"+file, text, 0o644)
	}
	// Where this is not there, fish goes through all manual pages first.
	rig.Must(t, "mkdir", "-p", a.Home+"/.local/share/fish/generated_completions")
	rig.Must(t, "chown", "-R", a.Name+":", a.Home)
	return a
}

// cell is one caller with one shell: "same", or what differs.
func (c caller) cell(t *testing.T, s realShell, a *rig.Account) string {
	verdict := ""
	t.Run(c.name, func(t *testing.T) {
		verdict = "broken"
		session := func(shell string) (rig.Result, observation) {
			a.SetShell(t, shell)
			r := c.login(t, a, script)
			if c.silent {
				return r, observation{}
			}
			o := observed(t, a)
			if c.leaks {
				o.facts = slices.DeleteFunc(o.facts, leakedPipe.MatchString)
			}
			if c.mounts {
				o.facts = slices.DeleteFunc(o.facts, mountCount.MatchString)
			}
			return r, o
		}
		result, facts := session(s.path)
		gotResult, gotFacts := session(s.tmpshell)
		without := slices.Concat(c.varies, changing, own)
		var differs []string
		check := func(what string, want, got any) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (- %s, + tmpshell):\n%s", what, s.name, diff)
				differs = append(differs, what)
			}
		}
		check("session", facts.facts, gotFacts.facts)
		check("environment", s.environment(facts.env, without, c.unordered), s.environment(gotFacts.env, without, c.unordered))
		check("stdout", result.Stdout, gotResult.Stdout)
		check("stderr", result.Stderr, gotResult.Stderr)
		check("status", fmt.Sprint(result.Status, result.Signal), fmt.Sprint(gotResult.Status, gotResult.Signal))
		if !c.silent {
			session := rig.Session{Env: gotFacts.env}
			for _, name := range c.lacks {
				if _, set := session.Getenv(name); set {
					t.Errorf("%s is set; want it taken away", name)
				}
				session.Env = append(session.Env, name+"="+a.Private())
			}
			session.CheckVariables(t, a.Private())
			if !c.supervised {
				rig.CheckPrivate(t, a)
			}
		}
		if c.supervised {
			awaitGone(t, a.Private())
		}
		switch {
		case differs != nil:
			verdict = strings.Join(differs, ",")
		case !t.Failed():
			verdict = "same"
		}
	})
	return verdict
}

// leakedPipe is one that no shell is given.
var leakedPipe = regexp.MustCompile(`^descriptor: ([3-9]|[0-9]{2,}) -> pipe:`)

// mountCount is how many lines the session's mountinfo has.
var mountCount = regexp.MustCompile(`^[0-9]+$`)

func table(title string, shells []realShell, callers []caller, cells [][]string) string {
	var b strings.Builder
	row := func(first string, rest []string) {
		fmt.Fprintf(&b, "%-44s", first)
		for _, r := range rest {
			if r == "" {
				r = "-"
			}
			fmt.Fprintf(&b, " %-8s", r)
		}
		b.WriteString("\n")
	}
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	row(title, names)
	for i, c := range callers {
		row("  "+c.name, cells[i])
	}
	return b.String() + count(cells)
}

// asRootFor is a command that root runs to have a session for the account,
// with an environment that says nothing of it.
func asRootFor(a *rig.Account, script string, args ...string) rig.Command {
	return rig.Command{
		Path: "/usr/bin/env", Args: append([]string{"env"}, fill(a, script, args)...),
		Env: append(os.Environ(), "CALLER=kept"),
	}
}

// fill puts what the session is about into a command's words.
func fill(a *rig.Account, script string, words []string) []string {
	fields := strings.NewReplacer("{script}", script,
		"{user}", a.Name, "{shell}", a.Shell, "{name}", path.Base(a.Shell))
	var filled []string
	for _, w := range words {
		filled = append(filled, fields.Replace(w))
	}
	return filled
}
