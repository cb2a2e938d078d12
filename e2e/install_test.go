package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMakeInstall installs with make, as the README says, logs in, and
// uninstalls.
func TestMakeInstall(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "make")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	list := func() []string {
		return strings.Fields(rig.Must(t, "find", "/etc", "/usr/bin", "/usr/libexec", "/usr/lib/tmpfiles.d",
			"/usr/share/doc", "/usr/share/man", "/usr/share/bash-completion", "/usr/share/zsh", "/usr/share/fish",
			"/usr/sbin", "/usr/local", "-not", "-type", "d"))
	}
	shells := rig.Must(t, "cat", "/etc/shells")
	rig.Must(t, "mkdir", "-p", "/usr/share/bash-completion")
	before := list()
	// -o build: the source tree is read-only here.
	rig.Must(t, "make", "-C", root, "-o", "build", "install")
	rig.Setup(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	alice.Session(t).CheckVariables(t, alice.Private())
	for _, line := range []string{rig.Tmpshell, "/bin/bash"} {
		if !strings.Contains("\n"+rig.Must(t, "cat", "/etc/shells"), "\n"+line+"\n") {
			t.Errorf("/etc/shells does not list %s", line)
		}
	}
	again := rig.Must(t, rig.Ctl, "setup")
	t.Run("what was installed works as it is", func(t *testing.T) {
		if r := rig.Sh(t, "tmpshellctl check"); r.Status != 0 {
			t.Errorf("tmpshellctl check: status %d\n%s%s", r.Status, r.Stdout, r.Stderr)
		}
		if !strings.Contains(again, "as it was") {
			t.Errorf("a second setup changes something:\n%s", again)
		}
	})
	t.Run("links of the documents", func(t *testing.T) {
		const docs = "/usr/share/doc/tmpshell/"
		links := 0
		for _, from := range strings.Fields(rig.Must(t, "find", docs, "-name", "*.md")) {
			text := rig.Must(t, "cat", from)
			for _, m := range regexp.MustCompile(`\]\(([^)#]+)[)#]`).FindAllStringSubmatch(text, -1) {
				to := filepath.Join(filepath.Dir(from), m[1])
				if strings.HasPrefix(m[1], "https:") {
					continue
				}
				links++
				if _, err := os.Stat(to); err != nil || !strings.HasPrefix(to+"/", docs) {
					t.Errorf("%s: %s leads to %s: %v", from, m[1], to, err)
				}
			}
		}
		if links < 20 {
			t.Errorf("%d links; want those of README.md, at least", links)
		}
	})
	t.Run("completions", func(t *testing.T) {
		for shell, test := range map[string]struct{ script, want string }{
			"bash": {"source /usr/share/bash-completion/completions/tmpshellctl; complete -p tmpshellctl", "-F __start_tmpshellctl tmpshellctl"},
			"zsh":  {"autoload -U compinit; compinit -D; echo $_comps[tmpshellctl]", "_tmpshellctl"},
			"fish": {`complete -C "tmpshellctl disable ali"`, "alice"},
		} {
			view.Need(t, shell)
			if r := rig.Sh(t, shell+` -c "$1"`, test.script); !strings.Contains(r.Stdout, test.want) {
				t.Errorf("%s: %q, %q; want %q", shell, r.Stdout, r.Stderr, test.want)
			}
		}
		if r := rig.Sh(t, "tmpshellctl __complete doctor --only cap"); !strings.Contains(r.Stdout, "\ncapabilities\n") {
			t.Errorf("doctor --only: %q", r.Stdout)
		}
	})
	t.Run("uninstall", func(t *testing.T) {
		if r := rig.Sh(t, `make -C "$1" uninstall`, root); r.Status == 0 || !strings.Contains(r.Stdout, "still the shell of alice") {
			t.Errorf("uninstall while alice has tmpshell: status %d\n%s%s; want it to stop", r.Status, r.Stdout, r.Stderr)
		}
		for _, path := range []string{rig.Tmpshell, rig.Helper, rig.Ctl} {
			if _, err := os.Stat(path); err != nil {
				t.Errorf("uninstall has stopped, and yet: %v", err)
			}
		}
		// The machine itself, under another name.
		if r := rig.Sh(t, `make -C "$1" DESTDIR=/ uninstall`, root); r.Status == 0 {
			t.Errorf("uninstall with DESTDIR=/ does not stop:\n%s", r.Stdout)
		}
		rig.Must(t, "make", "-C", root, "uninstall", "DISABLE=1")
		if got := shellOf(t, "alice"); got != "/bin/bash" {
			t.Errorf("alice's shell is %s; want /bin/bash", got)
		}
		// The administrator's own file stays.
		if err := os.Remove(rig.Conf); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(before, list()); diff != "" {
			t.Errorf("files differ (- before, + after install and uninstall):\n%s", diff)
		}
		if diff := cmp.Diff(shells, rig.Must(t, "cat", "/etc/shells")); diff != "" {
			t.Errorf("/etc/shells differs (- before, + after):\n%s", diff)
		}
	})
}

// TestMakePrefix: programs that were built for one PREFIX are not installed for
// another one, and no installed file names a path of another one.
func TestMakePrefix(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "make")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	const tree = "/run/tree"
	rig.Must(t, "sh", "-c", `mkdir $2 && cd "$1" && cp -r Makefile go.mod go.sum cmd internal etc man docs *.md LICENSE $2`, "sh", root, tree)
	// A go that notes what it is to build, and makes something.
	rig.Write(t, "/run/go", `#!/bin/sh
while [ $# -gt 0 ]; do
	case $1 in -o) out=$2 ;; -ldflags) flags=$2 ;; esac
	shift
done
[ -n "$out" ] || exit 0
echo "$out $flags" >>/run/built
echo program >"$out"
`, 0o755)
	built := func(args ...string) string {
		t.Helper()
		rig.Write(t, "/run/built", "", 0o644)
		rig.Must(t, "make", append([]string{"-C", tree, "GO=/run/go"}, args...)...)
		return rig.Must(t, "cat", "/run/built")
	}
	const programs = 5
	for _, step := range []struct {
		args []string
		want int
		path string
	}{
		{[]string{"build"}, programs, "launcher=/usr/bin/tmpshell"},
		{[]string{"build"}, 0, ""},
		{[]string{"install", "DESTDIR=/run/usr"}, 0, ""},
		{[]string{"install", "DESTDIR=/run/local", "PREFIX=/opt/x"}, programs, "launcher=/opt/x/bin/tmpshell"},
		{[]string{"build", "PREFIX=/opt/x"}, 0, ""},
		{[]string{"build", "PREFIX=/opt/x", "VERSION=9"}, programs, "Version=9"},
		{[]string{"build"}, programs, "launcher=/usr/bin/tmpshell"},
		{[]string{"install", "DESTDIR=/run/elsewhere", "PREFIX=/opt/x", "BIN=programs"}, programs, "launcher=/opt/x/bin/tmpshell"},
	} {
		got := built(step.args...)
		if strings.Count(got, "\n") != step.want || strings.Count(got, step.path) < step.want {
			t.Errorf("make %q builds\n%s; want %d programs with %s", step.args, got, step.want, step.path)
		}
	}
	if r := rig.Sh(t, "make -C /run/tree -o build install DESTDIR=/run/o PREFIX=/opt"); r.Status == 0 || !strings.Contains(r.Stderr, "another PREFIX") {
		t.Errorf("make install of programs for another PREFIX: status %d\n%s%s; want it to stop", r.Status, r.Stdout, r.Stderr)
	}
	if _, err := os.Stat("/run/local/opt/x/libexec/tmpshell-helper"); err != nil {
		t.Error(err)
	}
	if r := rig.Sh(t, "diff -r /run/local /run/elsewhere"); r.Stdout != "" {
		t.Errorf("what is installed with BIN=programs is not the same:\n%s", r.Stdout)
	}
	// Others' programs are where they were.
	const paths = `grep -rEo '(/usr|/opt/x)/(bin|libexec|share/doc|lib/tmpfiles\.d)/?(tmpshell[-a-z/]*|$)' `
	// What packages are made with stays here.
	ours := rig.Sh(t, paths+"--exclude-dir=packaging /run/tree/etc /run/tree/man /run/tree/*.md "+
		"$(cd /run/local/opt/x/share/doc/tmpshell && printf '/run/tree/%s ' docs/*) | wc -l").Stdout
	if r := rig.Sh(t, paths+"-h /run/local | sort | uniq -c"); strings.Contains(r.Stdout, "/usr/") {
		t.Errorf("installed with PREFIX=/opt/x, and yet:\n%s%s", r.Stdout, rig.Sh(t, paths+"/run/local | grep :/usr").Stdout)
	}
	if got := rig.Sh(t, paths+"/run/local | wc -l").Stdout; got != ours || ours == "0\n" {
		// tmpshell.conf is there twice, and has no such path.
		t.Errorf("%s paths are in what is to be installed, and %s in what is", ours, got)
	}
}

// TestMakeRun: a target that runs everything does not ignore RUN.
func TestMakeRun(t *testing.T) {
	view.Need(t, "make")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"test", "test-all", "test-packages"} {
		r := rig.Sh(t, `make -n -C "$1" "$2" 'RUN=TestX$|TestY'`, root, target)
		if want := "make test-e2e RUN='TestX$|TestY'"; r.Status == 0 || !strings.Contains(r.Stderr, want) {
			t.Errorf("make %s RUN=: %d, %s%s; want %s", target, r.Status, r.Stdout, r.Stderr, want)
		}
		if r := rig.Sh(t, `make -n -C "$1" "$2"`, root, target); r.Status != 0 {
			t.Errorf("make %s: %+v", target, r)
		}
	}
	if r := rig.Sh(t, `make -n -C "$1" test-e2e 'RUN=TestX$|TestY'`, root); r.Status != 0 {
		t.Errorf("make test-e2e RUN=: %+v", r)
	}
}
