package ctl

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/build"
	"tmpshell/internal/testas"
)

// asNobody has the test's process run tmpshellctl with its own arguments.
const asNobody = "TMPSHELL_TEST_CTL"

func TestMain(m *testing.M) {
	if os.Getenv(asNobody) != "" {
		syscall.Exit(Main()) // not os.Exit, which under go test -cover has words of its own
	}
	os.Exit(m.Run())
}

// run is Run with its output.
func run(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestVersion(t *testing.T) {
	code, stdout, stderr := run("version")
	if want := "tmpshellctl " + build.Version + " (" + runtime.Version() + ")\n"; code != ExitGood || stdout != want || stderr != "" {
		t.Errorf("version: %d, %q, %q; want 0, %q", code, stdout, stderr, want)
	}
	if code, again, stderr := run("--version"); code != ExitGood || again != stdout || stderr != "" {
		t.Errorf("--version: %d, %q, %q; want what version prints", code, again, stderr)
	}
	code, stdout, _ = run("version", "--json")
	var got map[string]string
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != ExitGood {
		t.Fatalf("version --json: %d, %q: %v", code, stdout, err)
	}
	if diff := cmp.Diff(map[string]string{"version": build.Version, "go": runtime.Version()}, got); diff != "" {
		t.Errorf("version --json (-want +got):\n%s", diff)
	}
}

// Wrong usage is 2, with the error and a hint on standard error alone.
func TestUsage(t *testing.T) {
	for _, test := range []struct{ args, want, hint string }{
		{"", "no command given", "tmpshellctl --help"},
		{"--json", "no command given", "tmpshellctl --help"},
		{"nonsense", `unknown command "nonsense" for "tmpshellctl"`, "tmpshellctl --help"},
		{"--nonsense", "unknown flag: --nonsense", "tmpshellctl --help"},
		{"version x", `version takes no arguments, not "x"`, "tmpshellctl version --help"},
		{"completion", "no shell given", "tmpshellctl completion --help"},
		{"completion tcsh", `unknown command "tcsh" for "tmpshellctl completion"`, "tmpshellctl completion --help"},
		{"check a b", "check takes [FILE], not 2 arguments", "tmpshellctl check --help"},
		{"check --remove", "unknown flag: --remove", "tmpshellctl check --help"},
		{"show a b", "show takes [USER|UID], not 2 arguments", "tmpshellctl show --help"},
		{"setup x", `setup takes no arguments, not "x"`, "tmpshellctl setup --help"},
		{"setup --remove=maybe", `--remove takes no value, or true or false, not "maybe"`, "tmpshellctl setup --help"},
		{"setup --disable", "--disable goes with --remove", "tmpshellctl setup --help"},
		{"setup --force --disable=false", "--force goes with --remove", "tmpshellctl setup --help"},
		{"path", "path takes FILE, and there is none", "tmpshellctl path --help"},
		{"job alice", `job takes USER|UID JOB, and there is "alice" alone`, "tmpshellctl job --help"},
		{"status --format nosuch", `--format takes table or prometheus, not "nosuch"`, "tmpshellctl status --help"},
		{"status --sort siez", `--sort takes user, size or last-use, not "siez"; did you mean size?`, "tmpshellctl status --help"},
		{"env --format nosuch", `--format takes csh, fish, json, sh, slurm or systemd, not "nosuch"`, "tmpshellctl env --help"},
		{"doctor --level warnin", `--level takes warning or error, not "warnin"; did you mean warning?`, "tmpshellctl doctor --help"},
		{"clean --boot --orphans", "--boot and --orphans exclude each other", "tmpshellctl clean --help"},
		{"audit --for 5 true", `--for takes a time such as 90s or 1h, not "5"`, "tmpshellctl audit --help"},
		{"enable", "enable takes the names of accounts, or --group GROUP\n", "tmpshellctl enable --help"},
		{"disable a --all", "disable takes the names of accounts, or --group GROUP, or --all\n", "tmpshellctl disable --help"},
		{"help nosuch", `unknown command "nosuch" for "tmpshellctl"`, "tmpshellctl --help"},
	} {
		code, stdout, stderr := run(strings.Fields(test.args)...)
		want := "tmpshellctl: " + test.want
		if code != ExitUsage || stdout != "" || !strings.HasPrefix(stderr, want) || !strings.HasSuffix(stderr, "\ntmpshellctl: hint: run "+test.hint+"\n") {
			t.Errorf("tmpshellctl %s: %d, %q, %q; want 2, nothing, %s…", test.args, code, stdout, stderr, want)
		}
	}
}

// A report that does not reach its file is a failure, whatever it found.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for _, args := range []string{"version", "version --json", "show root", "import /dev/null", "import /etc/passwd", "--help", "completion zsh", "audit --list", "doctor --only passwd"} {
		var stderr bytes.Buffer
		code := Run(strings.Fields(args), full, &stderr)
		if want := "tmpshellctl: write /dev/full: no space left on device\n"; code != ExitFindings || strings.Count(stderr.String(), want) != 1 || strings.Contains(stderr.String(), "hint") {
			t.Errorf("tmpshellctl %s: %d, %q; want 1, %q", args, code, stderr.String(), want)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range []string{"--help", "help", "check --help", "setup -h", "help show"} {
		code, stdout, stderr := run(strings.Fields(args)...)
		if code != ExitGood || !strings.Contains(stdout, "Usage:") || stderr != "" {
			t.Errorf("tmpshellctl %s: %d, %.40q, %q; want 0 and the usage on stdout", args, code, stdout, stderr)
		}
	}
	_, overview, _ := run("--help")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+)  +[A-Z]`).FindAllStringSubmatch(overview, -1) {
		_, help, _ := run("help", m[1])
		for line := range strings.Lines(overview + help) {
			if len(line) > 81 && m[1] != "completion" { // which is not ours
				t.Errorf("help %s: a line of %d columns: %s", m[1], len(line)-1, line)
			}
		}
	}
}

// Nobody but root sets anything up.
func TestSetupNeedsRoot(t *testing.T) {
	testas.Readable()
	for _, args := range [][]string{{"setup"}, {"setup", "--remove"}, {"setup", "--json"}} {
		c := exec.Command("/proc/self/exe", args...)
		c.Env = []string{asNobody + "=1"}
		c.Dir = "/"
		if os.Getuid() == 0 {
			c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		if err := c.Run(); c.ProcessState == nil {
			t.Fatal(err)
		}
		if code := c.ProcessState.ExitCode(); code != ExitFindings || stdout.Len() > 0 || stderr.String() != "tmpshellctl: setup needs root\n" {
			t.Errorf("%q as nobody: %d, %q, %q; want 1, tmpshellctl: setup needs root", args, code, stdout.String(), stderr.String())
		}
	}
}

// Steps are reported one a line, and one that failed is exit code 1.
func TestSteps(t *testing.T) {
	good := step{"base /tmp/.private", "root:root 0711", ""}
	bad := result("capabilities of /x", "none", os.ErrPermission)
	for _, test := range []struct {
		steps []step
		json  bool
		want  string
		err   error
	}{
		{[]step{good}, false, "base /tmp/.private: root:root 0711\n", nil},
		{[]step{bad, good}, false, "capabilities of /x: failed: permission denied\nbase /tmp/.private: root:root 0711\n", errFindings},
		{[]step{bad}, true, `[{"what":"capabilities of /x","result":"failed","error":"permission denied"}]`, errFindings},
		{[]step{good}, true, `[{"what":"base /tmp/.private","result":"root:root 0711"}]`, nil},
	} {
		var b bytes.Buffer
		err := (&output{w: &b, json: test.json}).steps(test.steps)
		got := b.String()
		if test.json {
			var c bytes.Buffer
			if err := json.Compact(&c, b.Bytes()); err != nil {
				t.Fatal(err)
			}
			got = strings.TrimSpace(c.String())
		}
		if got != test.want || err != test.err {
			t.Errorf("steps(%+v) prints %q, %v; want %q, %v", test.steps, got, err, test.want, test.err)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	for args, want := range map[string]string{
		"setpu":          "did you mean tmpshellctl setup?",
		"--json docotr":  "did you mean tmpshellctl doctor?",
		"enabel alice":   "did you mean tmpshellctl enable?",
		"frobnicate":     "run tmpshellctl --help",
		"show a b":       "run tmpshellctl show --help",
		"lst":            "did you mean tmpshellctl list?",
		"help chekc":     "did you mean tmpshellctl check?",
		"clean --dryrun": "did you mean --dry-run?",
	} {
		code, _, stderr := run(strings.Fields(args)...)
		if code != ExitUsage || !strings.HasSuffix(stderr, "hint: "+want+"\n") {
			t.Errorf("tmpshellctl %s: %d, %q; want 2 and the hint %q", args, code, stderr, want)
		}
	}
}
