package launch

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/config"
)

// odd is what execve(2) lets through.
var odd = Environment{"A=1", "", "NOEQUALS", "AB=2", "=C:=x", "A=3", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n"}

func TestEnvironmentGet(t *testing.T) {
	for _, test := range []struct {
		name, want string
		ok         bool
	}{
		{"A", "3", true}, // the last one
		{"AB", "2", true},
		{"EMPTY", "", true},
		{"E", "a=b", true},
		{"E=a", "b", true},
		{"a", "4", true},
		{"B", "\xff\n", true},
		{"NOEQUALS", "", false},
		{"EMPT", "", false},
		{"ABC", "", false},
		{"UNSET", "", false},
	} {
		if got, ok := odd.Get(test.name); got != test.want || ok != test.ok {
			t.Errorf("Get(%q) = %q, %v; want %q, %v", test.name, got, ok, test.want, test.ok)
		}
	}
	if got, ok := (Environment)(nil).Get("A"); got != "" || ok {
		t.Errorf("Get from nothing = %q, %v; want none", got, ok)
	}
}

func TestEnvironmentChanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Environment)
		want   Environment
	}{
		{"Set in place, duplicates gone", func(e *Environment) { e.Set("A", "new") },
			Environment{"A=new", "", "NOEQUALS", "AB=2", "=C:=x", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n"}},
		{"Set at the end", func(e *Environment) { e.Set("NOEQUALS", "x y") }, append(slices.Clone(odd), "NOEQUALS=x y")},
		{"Set to nothing", func(e *Environment) { e.Set("E", "") },
			Environment{"A=1", "", "NOEQUALS", "AB=2", "=C:=x", "A=3", "EMPTY=", "E=", "A", "a=4", "B=\xff\n"}},
		{"Unset every duplicate", func(e *Environment) { e.Unset("A") },
			Environment{"", "NOEQUALS", "AB=2", "=C:=x", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n"}},
		{"Unset what is not there", func(e *Environment) { e.Unset("X"); e.Unset("NOEQUALS"); e.Unset("EMPT") }, odd},
		{"Set after Unset", func(e *Environment) { e.Unset("A"); e.Set("A", "z") },
			Environment{"", "NOEQUALS", "AB=2", "=C:=x", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n", "A=z"}},
		{"Unset all", func(e *Environment) { *e = Environment{"A=1", "A=2"}; e.Unset("A") }, nil},
		{"Set in nothing", func(e *Environment) { *e = nil; e.Set("A", "1") }, Environment{"A=1"}},
	} {
		got := slices.Clone(odd)
		test.change(&got)
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestApply(t *testing.T) {
	start := Environment{"TMPDIR=/tmp/.private/2000", "HOME=/h", "TMP=x", "TMP=y", "Z=1"}
	prepared := Prepared{
		Unset: []string{"TMPDIR", "XDG_RUNTIME_DIR"},
		Set:   []config.Setting{{Name: "TMPDIR", Value: "/tmp/.private/1000"}, {Name: "TMP", Value: "/tmp/.private/1000"}},
	}
	policy := config.Policy{SetEnv: []config.Setting{
		{Name: "SQLITE_TMPDIR", Value: "${TMPDIR}"},
		{Name: "CHAIN", Value: "${SQLITE_TMPDIR}/x"}, // what stands before it counts
		{Name: "EARLY", Value: "[${LATE}]"},
		{Name: "LATE", Value: "1"},
		{Name: "HOME", Value: "${HOME}/$${HOME}"},
	}}
	want := Environment{
		"HOME=/h/${HOME}", "TMP=/tmp/.private/1000", "Z=1", "TMPDIR=/tmp/.private/1000",
		"SQLITE_TMPDIR=/tmp/.private/1000", "CHAIN=/tmp/.private/1000/x", "EARLY=[]", "LATE=1",
	}
	env := slices.Clone(start)
	Apply(&env, prepared, policy)
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("Apply (-want +got):\n%s", diff)
	}

	// Exempt: another user's directory goes, nothing comes.
	policy.Exempt = true
	env = slices.Clone(start)
	Apply(&env, Prepared{Unset: []string{"TMPDIR"}}, policy)
	if diff := cmp.Diff(start[1:], env); diff != "" {
		t.Errorf("Apply for an exempt session (-want +got):\n%s", diff)
	}
}

func TestEnvironmentAny(t *testing.T) {
	env := Environment{"A=1", "B", "A=2", "AA=3"}
	for value, want := range map[string]bool{"1": true, "2": true, "3": false, "": false} {
		if got := env.Any("A", func(v string) bool { return v == value }); got != want {
			t.Errorf("Any(A, %q) = %v; want %v", value, got, want)
		}
	}
}
