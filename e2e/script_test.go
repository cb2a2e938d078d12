package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestScript runs testdata/script: one public report a file, its address in the first
// line. README in that directory says what a script can do.
func TestScript(t *testing.T) {
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "e2e/testdata/script/*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			if !view.EnterEach(t) {
				return
			}
			s := &scriptRun{T: t, accounts: map[string]*rig.Account{}}
			testscript.RunT(s, testscript.Params{
				Files:               []string{file},
				WorkdirRoot:         workdir(t),
				RequireUniqueNames:  true,
				RequireExplicitExec: true,
				Setup: func(env *testscript.Env) error {
					// testscript's own, which are not those of a machine.
					for _, name := range []string{"TMPDIR", "GOTRACEBACK"} {
						env.Vars = slices.DeleteFunc(env.Vars, func(v string) bool { return strings.HasPrefix(v, name+"=") })
					}
					env.Setenv("HOME", "/root")
					env.Setenv("top", root)
					return nil
				},
				Cmds: s.commands(),
			})
		})
	}
}

// TestScriptReports: the first line of a script is the address of a report, and what
// was reported.
func TestScriptReports(t *testing.T) {
	first := regexp.MustCompile(`\A# https://github\.com/[\w.-]+/[\w.-]+/(issues|pull)/\d+: .+\n`)
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !first.Match(text) {
			t.Errorf("%s does not begin with: # https://github.com/OWNER/NAME/issues/N: what was reported", file)
		}
	}
}

// workdir is where files of the script are: nothing of it is below /tmp, which the
// scripts are about.
func workdir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/lib", "script")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// scriptRun is one run of a file. There is no subtest in it: the helpers of package rig
// end the test that they are given.
type scriptRun struct {
	*testing.T
	accounts map[string]*rig.Account
	// last is what the last login came to.
	last rig.Result
}

func (s *scriptRun) Run(_ string, f func(testscript.T)) { f(s) }
func (s *scriptRun) Parallel()                          {}
func (s *scriptRun) Verbose() bool                      { return testing.Verbose() }

func (s *scriptRun) commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"need":    s.need,
		"install": s.install,
		"user":    s.user,
		"group":   s.group,
		"login":   s.login,
		"status":  s.status,
	}
}

// need PROGRAM...: the script is skipped, or fails, without one of them.
func (s *scriptRun) need(ts *testscript.TestScript, neg bool, args []string) {
	scriptUsage(ts, neg || len(args) == 0, "need PROGRAM...")
	view.Need(s, args...)
}

// install [FILE]: tmpshell, with this configuration.
func (s *scriptRun) install(ts *testscript.TestScript, neg bool, args []string) {
	scriptUsage(ts, neg || len(args) > 1, "install [FILE]")
	var conf []string
	for _, file := range args {
		conf = append(conf, strings.TrimSuffix(ts.ReadFile(file), "\n"))
	}
	rig.Install(s, conf...)
}

// user NAME UID [SHELL]: an account; its shell is tmpshell.
func (s *scriptRun) user(ts *testscript.TestScript, neg bool, args []string) {
	scriptUsage(ts, neg || len(args) < 2 || len(args) > 3, "user NAME UID [SHELL]")
	a := rig.Account{Name: args[0], UID: idNumber(ts, args[1])}
	if len(args) == 3 {
		a.Shell = args[2]
	}
	s.accounts[a.Name] = rig.AddUser(s, a)
}

// group NAME GID MEMBER...: a group with these accounts, which are there.
func (s *scriptRun) group(ts *testscript.TestScript, neg bool, args []string) {
	scriptUsage(ts, neg || len(args) < 2, "group NAME GID MEMBER...")
	gid := idNumber(ts, args[1])
	rig.AddGroup(s, args[0], gid, args[2:]...)
	for _, name := range args[2:] {
		a := s.account(ts, name)
		a.Groups = append(a.Groups, gid)
	}
}

// login USER COMMAND: the account's shell runs it, as by sshd. "!" before it: it fails.
func (s *scriptRun) login(ts *testscript.TestScript, neg bool, args []string) {
	scriptUsage(ts, len(args) != 2, "[!] login USER COMMAND")
	a := s.account(ts, args[0])
	s.last = rig.Command{As: a, Path: a.Shell, Args: []string{filepath.Base(a.Shell), "-c", args[1]}, Dir: a.Home}.Run(s)
	fmt.Fprint(ts.Stdout(), s.last.Stdout)
	fmt.Fprint(ts.Stderr(), s.last.Stderr)
	if failed := s.last.Status != 0; failed != neg {
		ts.Fatalf("login %s ended with %d: %s%s", args[0], s.last.Status, s.last.Stdout, s.last.Stderr)
	}
}

// status N: that of the last login.
func (s *scriptRun) status(ts *testscript.TestScript, neg bool, args []string) {
	scriptUsage(ts, neg || len(args) != 1, "status N")
	if got := strconv.Itoa(s.last.Status); got != args[0] {
		ts.Fatalf("the login ended with %s; want %s", got, args[0])
	}
}

func (s *scriptRun) account(ts *testscript.TestScript, name string) *rig.Account {
	a := s.accounts[name]
	if a == nil {
		ts.Fatalf("no account %q: the command user makes one", name)
	}
	return a
}

func idNumber(ts *testscript.TestScript, text string) uint32 {
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		ts.Fatalf("%q is no number of a user or group", text)
	}
	return uint32(n)
}

func scriptUsage(ts *testscript.TestScript, wrong bool, text string) {
	if wrong {
		ts.Fatalf("usage: %s", text)
	}
}
