package compile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/policy"
	"tmpshell/internal/testas"
)

// place is a configuration and a policy of its own.
func place(t *testing.T, n *Names, lines ...string) *Place {
	t.Helper()
	testas.Root(t) // a policy has to be root's
	dir := t.TempDir()
	p := &Place{Config: dir + "/tmpshell.conf", Policy: "/run/tmpshell-test-" + filepath.Base(dir) + "-" + filepath.Base(filepath.Dir(dir)), Names: n, Now: time.Now}
	t.Cleanup(func() { os.Remove(p.Policy) })
	if lines != nil {
		put(t, p.Config, strings.Join(lines, "\n"))
	}
	return p
}

// inForce gets the policy and keeps it, as the helper does.
func inForce(t *testing.T, p *Place) *InForce {
	t.Helper()
	in, err := p.Get()
	if err != nil {
		t.Fatal(err)
	}
	if in.Made {
		if err := p.Keep(in); err != nil {
			t.Fatal(err)
		}
	}
	return in
}

// fresh fails unless what is kept is obeyed as it is.
func fresh(t *testing.T, p *Place, when string) {
	t.Helper()
	if in := inForce(t, p); in.Made {
		t.Errorf("%s: it was compiled again; want it to be fresh", when)
	}
}

func shellOf(t *testing.T, p *Place, in *InForce) string {
	t.Helper()
	return says(t, p.Names, in.File, bob.who()).Shell
}

// A typo lifts no restriction: the last good policy stays in force.
func TestLastGood(t *testing.T) {
	p := place(t, machine(t, bob), "Match User bob", "Shell /bin/rbash")
	if got := shellOf(t, p, inForce(t, p)); got != "/bin/rbash" {
		t.Fatalf("Shell = %q; want /bin/rbash", got)
	}
	fresh(t, p, "unchanged")
	spoil := map[string]func(){
		"a typo":            func() { put(t, p.Config, "Match User bob\nShall /bin/rbash") },
		"another owner":     func() { put(t, p.Config, ""); os.Chown(p.Config, 65534, 65534) },
		"writable":          func() { put(t, p.Config, ""); os.Chmod(p.Config, 0o666) },
		"a directory":       func() { os.Remove(p.Config); os.Mkdir(p.Config, 0o755) },
		"a loop of links":   func() { os.Symlink(p.Config, p.Config) },
		"a link to nothing": func() { os.Symlink(p.Config+".none", p.Config) },
		"a loop":            func() { os.Remove(p.Config); put(t, p.Config, "Include "+p.Config) },
		"an unsafe include": func() {
			put(t, p.Config+".x", "Log all")
			os.Chmod(p.Config+".x", 0o666)
			put(t, p.Config, "Include "+p.Config+".x")
		},
	}
	for _, what := range []string{"a typo", "another owner", "writable", "a directory", "a loop of links", "a loop", "an unsafe include", "a typo", "a link to nothing"} {
		os.RemoveAll(p.Config)
		spoil[what]()
		in := inForce(t, p)
		if got := shellOf(t, p, in); got != "/bin/rbash" || in.Wrong == nil || in.File.Flags()&policy.FlagWrong == 0 {
			t.Errorf("%s: Shell %q, wrong %v, flags %d; want the last good policy and why", what, got, in.Wrong, in.File.Flags())
		}
		fresh(t, p, what)
	}
	// A link that goes is a configuration that was removed.
	os.Remove(p.Config)
	if in := inForce(t, p); shellOf(t, p, in) != "" || in.Wrong != nil {
		t.Errorf("when the link to nothing is gone: Shell %q, %v; want what is built in", shellOf(t, p, in), in.Wrong)
	}
	put(t, p.Config, "Shell /bin/dash")
	if in := inForce(t, p); shellOf(t, p, in) != "/bin/dash" || in.File.Flags() != 0 {
		t.Errorf("when it is right again: Shell %q, flags %d; want /bin/dash", shellOf(t, p, in), in.File.Flags())
	}
	os.Remove(p.Config)
	if in := inForce(t, p); shellOf(t, p, in) != "" || in.Wrong != nil {
		t.Errorf("without a configuration: Shell %q, %v; want what is built in", shellOf(t, p, in), in.Wrong)
	}
	fresh(t, p, "without a configuration")
}

// Where there never was a good one, the built-in one is in force.
func TestNeverGood(t *testing.T) {
	p := place(t, machine(t, bob), "Shall /bin/rbash")
	in := inForce(t, p)
	v := View(says(t, p.Names, in.File, bob.who()))
	if in.Wrong == nil || v.Shell != "" || len(v.Directories) != 1 || !strings.Contains(in.Wrong.Error(), ":1: unknown keyword Shall") {
		t.Errorf("wrong %v, policy %+v; want the built-in one", in.Wrong, v)
	}
	fresh(t, p, "a wrong configuration")
}

// Every change of what a policy was made from makes it stale.
func TestStale(t *testing.T) {
	dir := t.TempDir()
	p := place(t, machine(t, bob), "Include "+dir+"/more/*.conf", "Include "+dir+"/one", "Match User bob,alice", "Shell /bin/rbash")
	for _, change := range []struct {
		what string
		do   func() error
	}{
		{"nothing was there", func() error { return nil }},
		{"a directory of includes", func() error { return os.Mkdir(dir+"/more", 0o755) }},
		{"a file in it", func() error { return os.WriteFile(dir+"/more/a.conf", []byte("Log all"), 0o644) }},
		{"the same size", func() error { return os.WriteFile(dir+"/more/a.conf", []byte("Log nne"), 0o644) }},
		{"and again", func() error { return os.WriteFile(dir+"/more/a.conf", []byte("Log all"), 0o644) }},
		{"the mode", func() error { return os.Chmod(dir+"/more/a.conf", 0o600) }},
		{"the file that is named", func() error { return os.WriteFile(dir+"/one", nil, 0o644) }},
		{"that is gone", func() error { return os.Remove(dir + "/one") }},
		{"renamed over", func() error { put(t, dir+"/new", "#"); return os.Rename(dir+"/new", p.Config) }},
		{"names again", func() error { put(t, p.Config, "Match User bob\nShell /bin/rbash"); return nil }},
		{"an account", func() error { put(t, p.Names.Passwd, "alice:x:5:5::/:\n"); return nil }},
		{"nsswitch", func() error { put(t, p.Names.NSSwitch, "passwd: files\n"); return nil }},
		{"the policy is cut", func() error { return os.Truncate(p.Policy, 100) }},
		{"the policy is gone", func() error { return os.Remove(p.Policy) }},
		{"the policy is another's", func() error { return os.Chown(p.Policy, 65534, 65534) }},
		{"the policy can be written", func() error { return os.Chmod(p.Policy, 0o666) }},
		{"the policy is for root's eyes", func() error { return os.Chmod(p.Policy, 0o600) }},
	} {
		if err := change.do(); err != nil {
			t.Fatal(err)
		}
		if in := inForce(t, p); !in.Made {
			t.Errorf("%s: the old policy was obeyed", change.what)
		}
		fresh(t, p, change.what)
	}
}

// A change within the same tick of the clock is seen.
func TestStaleAtOnce(t *testing.T) {
	p := place(t, machine(t, bob), "Shell /bin/a")
	for i := range 200 {
		shell := "/bin/" + string(rune('a'+i%26))
		put(t, p.Config, "Shell /bin/"+string(rune('a'+(i+1)%26)))
		put(t, p.Config, "Shell "+shell)
		in := inForce(t, p)
		if got := shellOf(t, p, in); got != shell {
			t.Fatalf("change %d: Shell = %s; want %s", i, got, shell)
		}
	}
}

// Names are asked for again when their time is over.
func TestExpires(t *testing.T) {
	n := machine(t, bob)
	d := &directoryServer{entries: map[string]uint32{"passwd carol": 5001}}
	network(t, n, d)
	p := place(t, n, "Match User carol", "Log all")
	inForce(t, p)
	fresh(t, p, "at once")
	now := time.Now()
	p.Now = func() time.Time { return now.Add(-2 * time.Hour) }
	in, err := p.Compile()
	if err != nil {
		t.Fatal(err)
	}
	if trouble := in.File.Check(p.Policy); trouble.OK() {
		t.Error("what the name service said two hours ago is obeyed")
	}
	p.Now = func() time.Time { return now.Add(time.Hour) }
	if in, err = p.Compile(); err != nil {
		t.Fatal(err)
	}
	if trouble := in.File.Check(p.Policy); trouble.OK() {
		t.Error("a policy from the future is obeyed")
	}
}

// What cannot be looked at is no reason to obey another policy.
func TestKept(t *testing.T) {
	p := place(t, machine(t, bob), "Shell /bin/rbash")
	inForce(t, p)
	put(t, p.Config, "Shell /bin/dash")
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	in, err := p.Get()
	if back := unix.Setrlimit(unix.RLIMIT_NOFILE, &was); back != nil {
		t.Fatal(back)
	}
	if err == nil || IsWrong(err) || in != nil {
		t.Errorf("without descriptors: %v, %v; want an error that is not the configuration's", in, err)
	}
}

// A policy is written whole or not at all, and leaves nothing beside it.
func TestWrite(t *testing.T) {
	testas.Root(t)
	dir := "/run/tmpshell-test-write"
	defer os.RemoveAll(dir)
	for _, text := range []string{"one", "a second, longer one", ""} {
		if err := Write(dir+"/policy", []byte(text)); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(dir + "/policy")
		if err != nil || string(got) != text {
			t.Errorf("written %q, %v; want %q", got, err, text)
		}
	}
	st, err := os.Stat(dir + "/policy")
	if err != nil || st.Mode() != 0o644 {
		t.Errorf("mode %v, %v; want 0644", st.Mode(), err)
	}
	if err := Write(dir+"/policy", []byte("over")); err != nil {
		t.Error(err)
	}
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 2, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	failed := Write(dir+"/policy", []byte("too long"))
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if failed == nil {
		t.Error("a write over the limit gives no error")
	}
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 {
		t.Errorf("in the directory: %v, %v; want the policy alone", names, err)
	}
	if got, _ := os.ReadFile(dir + "/policy"); string(got) != "over" {
		t.Errorf("after a failure: %q; want what was there", got)
	}
}
