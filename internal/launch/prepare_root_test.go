package launch

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/testas"
)

// What is named was verified after it was made, whatever the maker says.
func TestPrepareVerifies(t *testing.T) {
	testas.Root(t)
	setting := func(parent, name string) config.Setting {
		return config.Setting{Name: name, Value: parent + "/.private/0"}
	}
	for _, test := range []struct {
		name string
		mode os.FileMode // of the user's directory; 0: the maker makes none
		base os.FileMode
		good bool
	}{
		{"as it must be", 0o700, 0o711, true},
		{"open to others, which is put right", 0o755, 0o711, true},
		{"a base that lists", 0o700, 0o755, false},
		{"a base that others can write", 0o700, 0o777, false},
		{"nothing made", 0, 0o711, false},
	} {
		one, two := t.TempDir(), t.TempDir()
		policy := config.Policy{Directories: []config.Directory{
			{Path: one, Method: config.Env, Variables: []string{"A", "B"}},
			{Path: two, Method: config.Off, Variables: nil},
		}}
		mk := func(missing []need) Reasons {
			if len(missing) != 1 || missing[0] != need(dirs.Private(one)) {
				t.Errorf("%s: %+v are to be made; want %s alone", test.name, missing, one)
			}
			mkdir(t, one+"/.private", test.base)
			if test.mode != 0 {
				mkdir(t, one+"/.private/0", test.mode)
			}
			return Reasons{}
		}
		got := Prepare(0, policy, nil, mk, noMounter{t})
		if !test.good {
			if len(got.Failures) != 1 || got.Failures[0].Instead != one+"/.private-0" || got.Denied {
				t.Errorf("%s: Prepare = %+v; want a failure, and %s/.private-0 instead", test.name, got, one)
			}
			policy.Deny = true
			got = Prepare(0, policy, nil, func([]need) Reasons { return Reasons{} }, noMounter{t})
			if len(got.Failures) != 1 || got.Failures[0].Instead != "" || !got.Denied || len(got.Set) > 0 {
				t.Errorf("%s: Prepare with deny = %+v; want a failure, and nothing instead", test.name, got)
			}
			continue
		}
		want := Prepared{Set: []config.Setting{setting(one, "A"), setting(one, "B")}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: Prepare (-want +got):\n%s", test.name, diff)
		}
		// The next login finds it, and has nothing made.
		if diff := cmp.Diff(want, Prepare(0, policy, nil, noMaker(t), noMounter{t})); diff != "" {
			t.Errorf("%s: the second Prepare (-want +got):\n%s", test.name, diff)
		}
	}
}

func mkdir(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	err := os.Mkdir(path, 0o700)
	if err == nil {
		err = os.Chmod(path, mode)
	}
	if err != nil {
		t.Fatal(err)
	}
}
