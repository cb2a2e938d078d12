package build_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/policy"
	"tmpshell/internal/policy/policytest"
	"tmpshell/internal/sample"
	"tmpshell/internal/testas"
)

type processor struct {
	goarch string
	qemu   []string // the emulator; none where this machine runs it itself
}

// processors are those that package bare has an entry point for, and the program
// that runs them here (Debian: qemu-user-static); the first is this machine's.
var processors = []processor{
	{"amd64", nil},
	{"arm64", []string{"qemu-aarch64-static"}},
	{"riscv64", []string{"qemu-riscv64-static"}},
	{"ppc64le", []string{"qemu-ppc64le-static"}},
	{"s390x", []string{"qemu-s390x-static"}}, // big endian
	{"loong64", []string{"qemu-loongarch64-static"}},
	{"386", []string{"qemu-i386-static", "-cpu", "pentium3"}}, // without SSE2, as Debian 12's i386
	{"arm", []string{"qemu-arm-static"}},
}

// processorsVar names the processors to try, with blanks between them: make test-arch
// sets it.
const processorsVar = "TMPSHELL_PROCESSORS"

// asked are the processors of the variable.
func asked() (list []processor) {
	for _, goarch := range strings.Fields(os.Getenv(processorsVar)) {
		for _, p := range processors {
			if p.goarch == goarch {
				list = append(list, p)
			}
		}
	}
	return list
}

// chosen are this machine's processor and, of the others, one that the seed
// chooses: compiling for one is most of what it takes. make test-arch tries them all.
func chosen() (list []processor) {
	foreign := processors[1:]
	switch list := asked(); {
	case len(list) > 0:
		return list
	case testing.Short():
		return processors[:1]
	}
	return []processor{processors[0], foreign[sample.Seed()%uint64(len(foreign))]}
}

// TestOtherProcessors builds the launcher for processors, holds the rules of package
// bare there, too, and runs it. What it becomes is a program of this machine: an
// emulator of user mode hands execve(2) on to the kernel.
func TestOtherProcessors(t *testing.T) {
	testas.Root(t) // for a /tmp of its own
	for _, p := range chosen() {
		t.Run(p.goarch, func(t *testing.T) {
			emulator := p.emulator(t)
			program := filepath.Join(t.TempDir(), "tmpshell")
			buildFor(t, p.goarch, "build", "-ldflags=-E tmpshell_entry", "-o", program, "tmpshell/cmd/tmpshell")
			t.Run("rules", func(t *testing.T) { holdRules(t, p.goarch, program) })
			runOn(t, emulator, program)
		})
	}
}

// emulator is how a program for the processor is called.
func (p processor) emulator(t *testing.T) []string {
	t.Helper()
	if len(p.qemu) == 0 {
		return nil
	}
	path, err := exec.LookPath(p.qemu[0])
	switch {
	case err == nil:
		return append([]string{path}, p.qemu[1:]...)
	case os.Getenv(testas.MustRun) != "":
		t.Fatalf("%s is not installed, and %s is set", p.qemu[0], testas.MustRun)
	}
	t.Skipf("%s: %s is not installed; run: apt-get install qemu-user-static", p.goarch, p.qemu[0])
	return nil
}

// TestProcessorsListed: the Makefile builds for the processors that there is an entry
// point for, each is tried here, and every other one is refused with a sentence.
func TestProcessorsListed(t *testing.T) {
	entries, err := filepath.Glob("../bare/entry_*.s")
	if err != nil {
		t.Fatal(err)
	}
	var have, tried []string
	for _, name := range entries {
		have = append(have, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), "entry_"), ".s"))
	}
	for _, p := range processors {
		tried = append(tried, p.goarch)
	}
	slices.Sort(tried)
	c := exec.Command("make", "-s", "-C", "../..", "build", "BIN="+t.TempDir())
	c.Env = append(os.Environ(), "GOARCH=mips64le", "MAKEFLAGS=")
	out, err := c.CombinedOutput()
	if err == nil {
		t.Fatal("make builds for mips64le")
	}
	refusal, _, _ := strings.Cut(string(out), "\n")
	said, named, _ := strings.Cut(refusal, ": ")
	if said != "tmpshell cannot be built for mips64le, only for those with an entry point in internal/bare" {
		t.Errorf("make for mips64le: %q", refusal)
	}
	listed := strings.Fields(named)
	slices.Sort(listed)
	if !slices.Equal(listed, have) || !slices.Equal(tried, have) {
		t.Errorf("entry points %q, listed in the Makefile %q, tried here %q; want the same", have, listed, tried)
	}
}

// buildFor runs the go command for a processor.
func buildFor(t *testing.T, goarch string, args ...string) string {
	t.Helper()
	c := exec.Command("go", args...)
	c.Env = append(goEnvironment(), "GOARCH="+goarch, "GO386=softfloat")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("GOARCH=%s go %q: %v\n%s", goarch, args, err, out)
	}
	return string(out)
}

// holdRules is what TestNothingIsAllocated and TestWhatIsCalled do: the sizes of
// things, and what a processor has an instruction for, differ.
func holdRules(t *testing.T, goarch, program string) {
	packages := []string{"tmpshell/cmd/tmpshell"}
	for _, pkg := range bare {
		packages = append(packages, "tmpshell/internal/"+pkg)
	}
	buildFor(t, goarch, append([]string{"vet", withoutTests(t)}, packages...)...)
	for _, line := range allocations(buildFor(t, goarch, append([]string{"build", "-gcflags=-m"}, packages[1:]...)...)) {
		t.Error(line)
	}
	functions, unknown := calls(goCommand(t, "tool", "objdump", "-s", `^(tmpshell[/_])`, program))
	if functions < 100 {
		t.Errorf("only %d functions found", functions)
	}
	for _, line := range unknown {
		t.Error(line)
	}
}

// withoutTests is an option of the go command after which these packages have no
// tests: what those import takes longer to vet than all the rest.
func withoutTests(t *testing.T) string {
	t.Helper()
	var overlay struct{ Replace map[string]string }
	overlay.Replace = map[string]string{}
	for _, pkg := range bare {
		files, err := filepath.Glob("../" + pkg + "/*_test.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if file, err = filepath.Abs(file); err != nil {
				t.Fatal(err)
			}
			overlay.Replace[file] = ""
		}
	}
	text, err := json.Marshal(overlay)
	file := filepath.Join(t.TempDir(), "overlay.json")
	if err == nil {
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	return "-overlay=" + file
}

// ignoredByAll is the set of signals that a program ignores which the test starts.
func ignoredByAll(t *testing.T) (set uint64) {
	t.Helper()
	out, err := exec.Command("grep", "SigIgn", "/proc/self/status").Output()
	if err == nil {
		_, err = fmt.Sscanf(string(out), "SigIgn:\t%x", &set)
	}
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// runOn runs the launcher and sees what becomes of it.
func runOn(t *testing.T, emulator []string, program string) {
	// Nothing of a directory is said of the user of --user.
	shared := policytest.Policy{
		Slots:  []policytest.Slot{{Kind: policy.SlotMethod, Name: "/tmp"}},
		Blocks: []policytest.Block{{Settings: []policytest.Setting{{Slot: 0, Number: policy.Off}}}},
	}.Bytes()
	// The helper is asked, and is not there. Nothing of its end reaches the program.
	const (
		instead = "tmpshell: no private directory in /tmp: /usr/libexec/tmpshell-helper: no such file or directory; using /tmp/.private-70001\n" +
			"tmpshell: hint: an administrator can run \"tmpshellctl setup\"\n"
		signals = "SigPnd:\t0000000000000000\nShdPnd:\t0000000000000000\nSigBlk:\t%016x\nSigIgn:\t%016x\n"
		child   = 1 << (unix.SIGCHLD - 1)
	)
	// make(1) starts its children with what glibc has for itself ignored.
	inherited := ignoredByAll(t)
	helped := start{uid: 70001, noPrivate: true, args: []string{"--exec", "/bin/busybox", "grep", "-E", "^S(ig|hd)(Pnd|Blk|Ign)", "/proc/self/status"}}
	ignored, blocked := helped, helped
	ignored.through = []string{"/usr/bin/env", "--ignore-signal=CHLD"}
	blocked.through = []string{"/usr/bin/env", "--block-signal=CHLD"}
	for _, c := range []struct {
		name string
		how  start
		code int
		want string // of standard output and standard error
	}{
		{"helper", helped, 0, instead + fmt.Sprintf(signals, 0, inherited)},
		{"helper, SIGCHLD ignored", ignored, 0, instead + fmt.Sprintf(signals, 0, inherited|child)},
		{"helper, SIGCHLD blocked", blocked, 0, instead + fmt.Sprintf(signals, child, inherited)},
		{"version", start{args: []string{"--version"}}, 0, "tmpshell " + build.Version + "\n"},
		{"closed output", start{args: []string{"--version"}, closed: []int{1}}, 125,
			"tmpshell: standard output: bad file descriptor\n"},
		{"program", start{uid: 70001, args: []string{"--exec", "--", "/bin/busybox", "env"}, env: []string{"A=2"}}, 0,
			"A=2\nTMPDIR=/tmp/.private/70001\nTMP=/tmp/.private/70001\nTEMP=/tmp/.private/70001\nTEMPDIR=/tmp/.private/70001\n"},
		{"user", start{policy: shared, args: []string{"--exec", "--user", "70001:70002", "/bin/busybox", "sh", "-c", "id -u; id -g; id -G; echo $HOME"}}, 0,
			"70001\n70002\n70002\n/\n"},
		{"arguments", start{args: []string{"--exec", "/bin/busybox", "printf", "%s,", "", "a b", "\xff", "-x"}}, 0, ",a b,\xff,-x,"},
		{"exit code", start{args: []string{"--exec", "/bin/busybox", "sh", "-c", "exit 77"}}, 77, ""},
		{"not found", start{args: []string{"--exec", "/nowhere/at/all"}}, 127, "tmpshell: /nowhere/at/all: no such file or directory\n"},
		{"no format", start{args: []string{"--exec", "/tmp/script", "x"}}, 0, "script /tmp/script x\n"},
		{"option", start{args: []string{"--exec", "--nonsense"}}, 125,
			"tmpshell: --nonsense is not known to --exec; write -- before a program of that name\n"},
		{"search", start{args: []string{"--exec", "busybox", "echo", "found"}, env: []string{"PATH=/nowhere:/bin"}}, 0, "found\n"},
		{"identity", start{uid: 70001, umask: 0o27, dir: "/usr",
			args: []string{"--exec", "/bin/busybox", "sh", "-c", "id -u; stat -c '%F %u %a' $TMPDIR; umask; pwd"}}, 0,
			"70001\ndirectory 70001 700\n0027\n/usr\n"},
		{"descriptors", start{closed: []int{0, 2},
			args: []string{"--exec", "/bin/busybox", "sh", "-c", "for n in 0 1 2 3 4 5 6 7; do [ -e /proc/$$/fd/$n ] && echo $n; done; exit 0"}}, 0, "1\n"},
		{"shell", start{args: []string{"-c", `echo "$0" "$@" $SHELL`, "name", "a"}}, 0, "name a /bin/bash\n"},
		{"login shell", start{argv0: "-tmpshell", args: []string{"-c", `echo $0`}}, 0, "-bash\n"},
		{"empty name", start{noName: true, args: []string{"-c", `echo $0`}}, 0, "bash\n"},
		{"link", start{argv0: "tmpshell-dash", args: []string{"-c", `echo $0 $SHELL`}}, 0, "dash /bin/dash\n"},
		{"link to nothing", start{argv0: "tmpshell-nonsense", args: []string{"-c", "exit 0"}}, 127,
			"tmpshell: tmpshell-nonsense names a shell that is not in /etc/shells\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, code := c.how.run(t, emulator, program)
			if got != c.want || code != c.code {
				t.Errorf("%q: %d, %q; want %d, %q", c.how.args, code, got, c.code, c.want)
			}
		})
	}
	if len(emulator) == 0 { // which makes one of duplicates
		s := start{uid: 70001, args: []string{"--exec", "/bin/busybox", "env"}, env: []string{"B=1", "A=2", "B=3", "NOEQUALS", "TMPDIR=/x", "", "TMPDIR=/y"}}
		const want = "B=1\nA=2\nB=3\nNOEQUALS\nTMPDIR=/tmp/.private/70001\n\nTMP=/tmp/.private/70001\nTEMP=/tmp/.private/70001\nTEMPDIR=/tmp/.private/70001\n"
		if got, code := s.run(t, emulator, program); got != want || code != 0 {
			t.Errorf("an odd environment: %d, %q; want %q", code, got, want)
		}
	}
	t.Run("large", func(t *testing.T) { runLarge(t, emulator, program) })
}

// runLarge has an environment of 2 MiB, which is all that the usual stack allows.
func runLarge(t *testing.T, emulator []string, program string) {
	const entries, size = 3000, 700
	var env []string
	for i := range entries {
		env = append(env, fmt.Sprintf("V%05d=%s", i, strings.Repeat("x", size)))
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_STACK, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_STACK, &unix.Rlimit{Cur: 64 << 20, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Setrlimit(unix.RLIMIT_STACK, &before) }()
	s := start{uid: 70001, args: []string{"--exec", "/bin/busybox", "env"}, env: env}
	got, code := s.run(t, emulator, program)
	lines := strings.Split(got, "\n")
	if len(emulator) > 0 && len(lines) > entries {
		slices.Reverse(lines[:entries]) // the emulator has turned it round
	}
	if code != 0 || len(lines) <= entries || !slices.Equal(lines[:entries], env) {
		t.Fatalf("an environment of %d bytes: %d, %d lines, %.100q; want all %d", entries*(size+8), code, len(lines), got, entries)
	}
	if !strings.HasPrefix(lines[entries], "TMPDIR=/tmp/.private/70001") {
		t.Errorf("what follows the caller's environment is %.100q; want TMPDIR", lines[entries])
	}
}
