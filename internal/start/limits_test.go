package start_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/internal/sample"
)

const otherUID = "uid=62001" // nobody's, so that RLIMIT_NPROC counts the test's processes alone

// Under soft limits that the runtime could not live with, and hard ones that it
// can, the program at the end finds both as they were.
func TestSoftLimits(t *testing.T) {
	needRoot(t)
	for _, steps := range [][]string{
		{"as=100000000:inf"},
		{"data=20000000:inf"},
		{"stack=140000:inf"},
		{"stack=140000:140000"},
		{"nproc=1:1000", otherUID},
		{"nofile=10:10"},
		{"nofile=10:100"},
		{"nofile=4:4"},
		{"fsize=0:0"},
		{"as=100000000:4000000000", "data=20000000:1000000000", "nofile=20:30"},
	} {
		if !sample.Of(3).Has(steps) {
			continue
		}
		t.Run(strings.Join(steps, " "), func(t *testing.T) {
			if got := same(t, nil, steps, "/bin/cat", look...); got.stderr != "" || got.status != "exit 0" {
				t.Errorf("directly: %+v", got)
			}
		})
	}
}

// The runtime's other threads may ask for memory until execve has ended them, and
// must not take its failure for the program's.
func TestSoftLimitsWhileBusy(t *testing.T) {
	times := 4
	if sample.All() {
		times = 20
	}
	for range times {
		if same(t, []string{"RELAY_BUSY=1"}, []string{"as=100000000:inf"}, "/bin/cat", look...); t.Failed() {
			return
		}
	}
}

// Under hard limits that the runtime cannot live with, there is a shell.
func TestLastResort(t *testing.T) {
	needRoot(t)
	const process = "tmpshell: no private directory: the limit on processes is too small for the launcher\n"
	const memory = "tmpshell: no private directory: the limit on memory is too small for the launcher\n"
	const script = `echo "$0 $*"; ulimit -Su; ulimit -Sv; echo $A$SSH_ORIGINAL_COMMAND`
	for _, test := range []struct {
		name   string
		env    []string
		steps  []string
		argv   []string
		stdout string
		stderr string
		status string
	}{
		{"processes 1", nil, []string{"nproc=1:1", otherUID}, []string{"tmpshell", "-c", script, "x", "y"}, "x y\n1\nunlimited\n\n", process, "exit 0"},
		{"processes 2", nil, []string{"nproc=2:2", otherUID}, []string{"tmpshell", "-c", script, "x"}, "x \n2\nunlimited\n\n", process, "exit 0"},
		{"processes 3", nil, []string{"nproc=3:3", otherUID}, []string{"tmpshell", "-c", script, "x"}, "x \n3\nunlimited\n\n", process, "exit 0"},
		{"processes soft 1", nil, []string{"nproc=1:2", otherUID}, []string{"tmpshell", "-c", script, "x"}, "x \n1\nunlimited\n\n", process, "exit 0"},
		{"address space", nil, []string{"as=400000000:512000000"}, []string{"tmpshell", "-c", "ulimit -Sv; ulimit -Hv"}, "390625\n500000\n", memory, "exit 0"},
		{"data", nil, []string{"data=20000000:33554432"}, []string{"tmpshell", "-c", "ulimit -Sd"}, "19531\n", memory, "exit 0"},
		{"data tiny", nil, []string{"data=8000000:8000000"}, []string{"tmpshell", "-c", "echo $0"}, "bash\n", memory, "exit 0"},
		{"login shell", nil, []string{"as=100000000:100000000"}, []string{"-tmpshell", "-c", `echo $0; shopt -q login_shell && echo login`}, "-bash\nlogin\n", memory, "exit 0"},
		{"by name", nil, []string{"as=100000000:100000000"}, []string{"-/usr/bin/tmpshell-sh", "-c", `echo $0`}, "-sh\n", memory, "exit 0"},
		{"nologin by name", nil, []string{"as=100000000:100000000"}, []string{"-/usr/bin/tmpshell-nologin"}, "This account is currently not available.\n", memory, "exit 1"},
		{"false by name", nil, []string{"as=100000000:100000000"}, []string{"tmpshell-false", "-c", "echo in"}, "", memory, "exit 1"},
		{"a link is a shell alone", nil, []string{"as=100000000:100000000"}, []string{"tmpshell-sh", "--exec", "/bin/echo", "in"}, "", memory + "sh: 0: Illegal option --\n", "exit 2"},
		{"unknown name", nil, []string{"as=100000000:100000000"}, []string{"tmpshell-nosuch", "-c", `echo $0`}, "bash\n", memory, "exit 0"},
		{"exec", []string{"PATH=/nonexistent:/bin"}, []string{"as=100000000:100000000"}, []string{"tmpshell", "--exec", "--init", "--", "echo", "a", "b"}, "a b\n", memory, "exit 0"},
		{"exec path", nil, []string{"as=100000000:100000000"}, []string{"/usr/bin/tmpshell", "--exec", "/bin/echo", "a"}, "a\n", memory, "exit 0"},
		{"exec default path", nil, []string{"as=100000000:100000000"}, []string{"tmpshell", "--exec", "echo", "a"}, "a\n", memory, "exit 0"},
		{"exec missing", nil, []string{"as=100000000:100000000"}, []string{"tmpshell", "--exec", "nosuch"}, "", memory + "tmpshell: nosuch: cannot be executed\n", "exit 127"},
		{"exec denied", nil, []string{"as=100000000:100000000"}, []string{"tmpshell", "--exec", "/etc/passwd"}, "", memory + "tmpshell: /etc/passwd: cannot be executed\n", "exit 126"},
		{"ForceCommand", []string{"A=a", "SSH_CONNECTION=x", "SSH_ORIGINAL_COMMAND=echo $A$SSH_ORIGINAL_COMMAND $0 'q'", "B=b"},
			[]string{"as=100000000:100000000"}, []string{"tmpshell"}, "a bash q\n", memory, "exit 0"},
		{"shell of passwd under ssh", []string{"SSH_CONNECTION=x", "SSH_ORIGINAL_COMMAND=echo in", "SHELL=/usr/bin/tmpshell"},
			[]string{"as=100000000:100000000"}, []string{"tmpshell"}, "", memory, "exit 0"},
		{"ForceCommand interactive", []string{"SSH_CONNECTION=x"}, []string{"as=100000000:100000000"}, []string{"tmpshell"}, "", memory, "exit 0"},
		{"no arguments", nil, []string{"as=100000000:100000000"}, nil, "", memory, "exit 0"},
		{"panic", []string{"RELAY_PANIC=1"}, nil, []string{"tmpshell", "-c", "echo shell"}, "shell\n", "tmpshell: no private directory: panic: boom\n", "exit 0"},
		{"panic, files", []string{"RELAY_PANIC=1"}, []string{"nofile=100:1000"}, []string{"tmpshell", "-c", "ulimit -Sn"}, "100\n", "tmpshell: no private directory: panic: boom\n", "exit 0"},
		{"panic disarmed", []string{"RELAY_PANIC=disarmed"}, nil, []string{"tmpshell", "-c", "echo shell"}, "", "tmpshell: no private directory: panic: boom\n", "exit 125"},
	} {
		if !sample.Of(3).Has("last resort", test.name) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			got := run(t, test.env, test.steps, relay, test.argv...)
			got.stderr = strings.ReplaceAll(got.stderr, "\n\n", "\n")
			if want := (result{test.stdout, test.stderr, "", test.status}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// The state that a shell of the last resort finds is exact, too.
func TestLastResortState(t *testing.T) {
	needRoot(t)
	steps := []string{"ignore=2,13,17,33", "block=1,3,15,17,34", "again", "process=1,15", "thread=3",
		"as=300000000:400000000", "data=20000000:33554432", "nofile=15:20"}
	env := []string{"A=1", "A=2", "", "GODEBUG=x"}
	script := []string{"bash", "-c", `mapfile -t lines </proc/$$/status # at once: its length changes
		for l in "${lines[@]}"; do case $l in Sig[!Q]*|Shd*|Cap*) echo "$l";; esac; done
		ulimit -Sa; ulimit -Ha; while read -r -d '' l; do echo "<$l>"; done </proc/$$/environ`}
	want := run(t, env, steps, "/bin/bash", script...)
	got := run(t, env, steps, relay, script...)
	if got.stderr == "" || want.status != "exit 0" {
		t.Errorf("launcher: %q, directly: %+v", got.stderr, want)
	}
	said := got.stderr
	if got.stderr = ""; got != want {
		t.Errorf("last resort, saying %q:\n%+v\ndirectly:\n%+v", said, got, want)
	}
}

func TestLastResortDenied(t *testing.T) {
	needRoot(t)
	const include = "Include /etc/tmpshell.d/*.conf\n"
	for _, test := range []struct {
		name   string
		files  map[string]string
		mode   os.FileMode
		denied bool
		more   []string // steps; none: another uid
	}{
		{"none", nil, 0o644, false, nil},
		{"empty", map[string]string{"tmpshell.conf": ""}, 0o644, false, nil},
		{"fallback", map[string]string{"tmpshell.conf": "OnFailure fallback\n#OnFailure deny\nLog deny\n"}, 0o644, false, nil},
		{"deny", map[string]string{"tmpshell.conf": "Log all\nOnFailure deny\n"}, 0o644, true, nil},
		{"deny, no newline, odd case", map[string]string{"tmpshell.conf": "Match User x\n\t onfailure=\"DENY\" # x"}, 0o644, true, nil},
		{"after 8 KiB", map[string]string{"tmpshell.conf": strings.Repeat("# comment\n", 900) + "OnFailure deny\n"}, 0o644, true, nil},
		{"unsafe", map[string]string{"tmpshell.conf": "OnFailure deny\n"}, 0o666, false, nil},
		{"included", map[string]string{"tmpshell.conf": include, "tmpshell.d/a.conf": "Log all\n", "tmpshell.d/b.conf": "OnFailure deny\n"}, 0o644, true, nil},
		{"included, none", map[string]string{"tmpshell.conf": include, "tmpshell.d/a.conf": "Log all\n"}, 0o644, false, nil},
		{"included, missing", map[string]string{"tmpshell.conf": include}, 0o644, false, nil},
		{"included twice", map[string]string{"tmpshell.conf": include, "tmpshell.d/a.conf": include}, 0o644, true, nil},
		{"root", map[string]string{"tmpshell.conf": "OnFailure deny\n"}, 0o644, false, []string{"uid=0"}},
		{"root not exempt", map[string]string{"tmpshell.conf": "OnFailure deny\nexempt none\n"}, 0o644, true, []string{"uid=0"}},
		{"no descriptor", map[string]string{"tmpshell.conf": ""}, 0o644, true, []string{"nofile=0:0", otherUID}},
		{"a shell in a block", map[string]string{"tmpshell.conf": "Match User guest\nShell /bin/rbash\n"}, 0o644, true, nil},
		{"a shell in an included file", map[string]string{"tmpshell.conf": include, "tmpshell.d/a.conf": "Shell /bin/dash\n"}, 0o644, true, nil},
		{"a shell for everybody", map[string]string{"tmpshell.conf": "Shell /bin/dash\n"}, 0o644, false, nil},
		{"wild directory", map[string]string{"tmpshell.conf": "Include /etc/*/x.conf\n"}, 0o644, true, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			etc := t.TempDir()
			if test.more == nil {
				test.more = []string{otherUID}
			}
			// The directories that t.TempDir makes are root's alone.
			for dir := etc; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
				os.Chmod(dir, 0o755)
			}
			for name, text := range test.files {
				path := filepath.Join(etc, name)
				os.MkdirAll(filepath.Dir(path), 0o755)
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				os.Chmod(path, test.mode)
			}
			steps := append([]string{"etc=" + etc, "as=100000000:100000000"}, test.more...)
			got := run(t, nil, steps, relay, "tmpshell", "-c", "echo shell")
			if denied := got.status == "exit 125" && got.stdout == ""; denied != test.denied || !denied && got.stdout != "shell\n" {
				t.Errorf("got %+v, want denied: %v", got, test.denied)
			}
		})
	}
}

// What restricts a session holds in the last resort, too.
func TestLastResortRestricted(t *testing.T) {
	needRoot(t)
	const show = `echo $0; grep NoNewPrivs /proc/self/status`
	for _, test := range []struct{ name, conf, stdout string }{
		{"nothing", "Log all\n", "bash\nNoNewPrivs:\t0\n"},
		{"no_new_privs", "NoNewPrivileges yes\n", "bash\nNoNewPrivs:\t1\n"},
		{"no_new_privs for somebody", "Match User guest\n\tnonewprivileges = YES\n", "bash\nNoNewPrivs:\t1\n"},
		{"not", "NoNewPrivileges no\n#NoNewPrivileges yes\n", "bash\nNoNewPrivs:\t0\n"},
		{"a shell, the first one", "Shell /bin/dash\nShell /bin/bash\n", "dash\nNoNewPrivs:\t0\n"},
		{"a shell that is not there", "Shell /bin/none\n", "bash\nNoNewPrivs:\t0\n"},
	} {
		etc := conf(t, t.TempDir(), test.conf)
		got := run(t, nil, []string{"etc=" + etc, "as=100000000:100000000", otherUID}, relay, "tmpshell", "-c", show)
		if got.stdout != test.stdout || got.status != "exit 0" {
			t.Errorf("%s: %+v, want %q", test.name, got, test.stdout)
		}
		root := run(t, nil, []string{"etc=" + etc, "as=100000000:100000000", "uid=0"}, relay, "tmpshell", "-c", "grep NoNewPrivs /proc/self/status")
		if root.stdout != "NoNewPrivs:\t0\n" {
			t.Errorf("%s: root: %+v", test.name, root)
		}
	}
	restricted := run(t, nil, []string{"etc=" + conf(t, t.TempDir(), "Shell /bin/rbash\n"), "as=100000000:100000000", otherUID}, relay, "tmpshell", "-c", "cd /")
	if !strings.Contains(restricted.stderr, "rbash: line 1: cd: restricted") {
		t.Errorf("a restricted shell: %+v", restricted)
	}
}

func conf(t *testing.T, etc, text string) string {
	t.Helper()
	for dir := etc; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	if err := os.WriteFile(etc+"/tmpshell.conf", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return etc
}
