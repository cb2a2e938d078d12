package launch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/namespace"
)

// uid is nobody's on any machine.
const uid = 54321

// noMaker fails the test when a directory is to be made.
func noMaker(t *testing.T) maker {
	return func(missing []need) Reasons {
		t.Errorf("%+v are to be made; want nothing made", missing)
		return Reasons{}
	}
}

// noMounter fails the test when something is to be mounted.
type noMounter struct{ t *testing.T }

func (n noMounter) May(p namespace.Plan) (bool, error) {
	n.t.Errorf("%+v is to be mounted; want nothing", p)
	return false, errors.New("not here")
}

func (n noMounter) Enter(namespace.Plan) error { return errors.New("not here") }

// A TMPDIR of another user's never reaches the session, exempt or not.
func TestForeign(t *testing.T) {
	mine, others := t.TempDir(), t.TempDir()
	me := uint32(os.Getuid())
	if err := os.Chmod(others, 0o700); err != nil {
		t.Fatal(err)
	}
	if me == 0 { // root's own is for dirs.IsOthers to judge by access
		if err := os.Chown(others, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	policy := config.Policy{Directories: []config.Directory{
		{Path: "/tmp", Method: config.Env, Variables: []string{"TMPDIR", "CACHE"}},
		{Path: "/scratch", Method: config.Env, Variables: []string{"SCRATCH"}},
	}}
	for _, test := range []struct {
		name string
		uid  uint32
		env  Environment
		want []string
	}{
		{"nothing", me, nil, nil},
		{"one's own", me, Environment{"TMPDIR=" + mine, "TMP=" + mine}, nil},
		{"another's", me + 1, Environment{"TMPDIR=" + others, "TMP=" + others, "TEMP=" + others, "TEMPDIR=" + others, "HOME=" + others},
			[]string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}},
		{"by its name, gone or not", 1000, Environment{"TMPDIR=/tmp/.private/1001", "TMP=/tmp/.private/1000", "TEMP=/tmp/.private-1001.3/x"},
			[]string{"TMPDIR", "TEMP"}},
		{"configured variables", 1000, Environment{"CACHE=/c/.private/1", "SCRATCH=/s/.private/2", "OTHER=/o/.private/3"},
			[]string{"CACHE", "SCRATCH"}},
		{"what is shared", 1000, Environment{"TMPDIR=/tmp"}, nil},
		{"what is not there", 1000, Environment{"TMPDIR=/nowhere/at/all", "TMP=", "TEMP=relative"}, nil},
	} {
		if diff := cmp.Diff(test.want, foreign(test.uid, policy, test.env)); diff != "" {
			t.Errorf("%s: foreign (-want +got):\n%s", test.name, diff)
		}
		policy := policy
		policy.Exempt = true
		got := Prepare(test.uid, policy, test.env, noMaker(t), noMounter{t})
		if diff := cmp.Diff(Prepared{Unset: test.want}, got); diff != "" {
			t.Errorf("%s: Prepare for an exempt session (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestKeepsRuntime(t *testing.T) {
	me := uint32(os.Getuid())
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"good": 0o700, "open": 0o755, "sticky": 0o700 | os.ModeSticky, "shut": 0o600} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(dir+"/file", nil, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, test := range []struct {
		uid  uint32
		env  Environment
		want bool
	}{
		{me, Environment{"XDG_RUNTIME_DIR=" + dir + "/good"}, true},
		{me + 1, Environment{"XDG_RUNTIME_DIR=" + dir + "/good"}, false},
		{me, Environment{"XDG_RUNTIME_DIR=" + dir + "/open"}, false},
		{me, Environment{"XDG_RUNTIME_DIR=" + dir + "/sticky"}, false},
		{me, Environment{"XDG_RUNTIME_DIR=" + dir + "/shut"}, false},
		{me, Environment{"XDG_RUNTIME_DIR=" + dir + "/file"}, false},
		{me, Environment{"XDG_RUNTIME_DIR=" + dir + "/none"}, false},
		{me, Environment{"XDG_RUNTIME_DIR=good"}, false},
		{me, Environment{"XDG_RUNTIME_DIR="}, false},
		{me, nil, false},
	} {
		if got := keepsRuntime(test.uid, test.env); got != test.want {
			t.Errorf("keepsRuntime(%d, %q) = %v; want %v", test.uid, test.env, got, test.want)
		}
	}
}

// Where nothing is asked for, nothing is made and nothing changes.
func TestPrepareNothing(t *testing.T) {
	runtime := t.TempDir()
	if err := os.Chmod(runtime, 0o700); err != nil {
		t.Fatal(err)
	}
	off := []config.Directory{{Path: "/tmp", Method: config.Off}}
	for _, test := range []struct {
		name   string
		policy config.Policy
		env    Environment
	}{
		{"all off", config.Policy{Directories: off}, nil},
		{"all off, and deny", config.Policy{Directories: off, Deny: true}, Environment{"TMPDIR=/tmp"}},
		{"XDG_RUNTIME_DIR is there", config.Policy{Directories: off, RuntimeDirectory: true}, Environment{"XDG_RUNTIME_DIR=" + runtime}},
	} {
		got := Prepare(uint32(os.Getuid()), test.policy, test.env, noMaker(t), noMounter{t})
		if diff := cmp.Diff(Prepared{}, got); diff != "" {
			t.Errorf("%s: Prepare (-want +got):\n%s", test.name, diff)
		}
	}
}

// Without /run/user/UID the variable is taken away, and that is no failure.
func TestPrepareNoRuntime(t *testing.T) {
	asked := 0
	got := Prepare(uid, config.Policy{RuntimeDirectory: true, Deny: true}, Environment{"XDG_RUNTIME_DIR=/nowhere"},
		func(missing []need) Reasons {
			asked++
			if len(missing) != 1 || missing[0] != need(dirs.Runtime) {
				t.Errorf("%+v are to be made; want the runtime directory", missing)
			}
			return Reasons{}
		}, noMounter{t})
	if diff := cmp.Diff(Prepared{Unset: []string{"XDG_RUNTIME_DIR"}}, got); diff != "" || asked != 1 {
		t.Errorf("Prepare asks %d times (-want +got):\n%s", asked, diff)
	}
}

// A parent that is not there: no variable names it, deny ends the login, the
// reason is the maker's where it knows one.
func TestPrepareFailure(t *testing.T) {
	// Not in a temporary directory, which need not be root's.
	const none = "/nowhere/at/all"
	dir := config.Directory{Path: none, Method: config.Env, Variables: []string{"A", "B"}}
	made := dirs.Private(none).Path(uid)
	for _, test := range []struct {
		name    string
		reasons Reasons
		why     string
		setup   bool
	}{
		{"by path", Reasons{byPath: map[string]string{made: "disk full"}, general: "other"}, "disk full", false},
		{"in general", Reasons{general: "no helper", setup: true}, "no helper", true},
		{"none", Reasons{}, "", false},
	} {
		for _, deny := range []bool{false, true} {
			got := Prepare(uid, config.Policy{Directories: []config.Directory{dir}, Deny: deny}, nil,
				func([]need) Reasons { return test.reasons }, noMounter{t})
			want := Prepared{Failures: []Failure{{Path: none, Why: test.why}}, Setup: test.setup, Denied: deny, Unset: []string{"A", "B"}}
			ignore := cmpopts.IgnoreFields(Failure{}, "Why")
			if diff := cmp.Diff(want, got, ignore); diff != "" {
				t.Errorf("%s, deny %v: Prepare (-want +got):\n%s", test.name, deny, diff)
			}
			if why := got.Failures[0].Why; why == "" || test.why != "" && why != test.why {
				t.Errorf("%s: the reason is %q; want %q", test.name, why, test.why)
			}
		}
	}
}
