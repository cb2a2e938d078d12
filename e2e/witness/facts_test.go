package witness

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const said = "argc: 2\nargument 0: a: b\nenvironment: A=1\nenvironment: B=2\nenvironment: A=1\nempty: \n"

func TestCompare(t *testing.T) {
	for _, test := range []struct {
		name, within string
		want         []Difference
	}{
		{"the same", said, nil},
		{"another order of keys", "empty: \nargc: 2\nenvironment: A=1\nenvironment: B=2\nenvironment: A=1\nargument 0: a: b\n", nil},
		{"another value", "argc: 3\nargument 0: a: b\nenvironment: A=1\nenvironment: B=2\nenvironment: A=1\nempty: \n",
			[]Difference{{"argc", []string{"2"}, []string{"3"}}}},
		{"another order of values", "argc: 2\nargument 0: a: b\nenvironment: B=2\nenvironment: A=1\nenvironment: A=1\nempty: \n",
			[]Difference{{"environment", []string{"A=1", "B=2", "A=1"}, []string{"B=2", "A=1", "A=1"}}}},
		{"one duplicate less, a key more and one gone", "argc: 2\nargument 0: a: b\nargument 1: x\nenvironment: A=1\nenvironment: B=2\n",
			[]Difference{
				{"argument 1", nil, []string{"x"}}, {"empty", []string{""}, nil},
				{"environment", []string{"A=1", "B=2", "A=1"}, []string{"A=1", "B=2"}},
			}},
		{"nothing said", "", []Difference{
			{"argc", []string{"2"}, nil}, {"argument 0", []string{"a: b"}, nil}, {"empty", []string{""}, nil},
			{"environment", []string{"A=1", "B=2", "A=1"}, nil},
		}},
	} {
		if diff := cmp.Diff(test.want, Compare(parse(said), parse(test.within))); diff != "" {
			t.Errorf("%s (- want, + got):\n%s", test.name, diff)
		}
	}
	if n := parse(said).Count(); n != 6 {
		t.Errorf("%d facts, want 6", n)
	}
}

func TestHas(t *testing.T) {
	facts := parse(said)
	for line, want := range map[string]bool{
		"argc: 2": true, "argc: 3": false, "argc: ": false, "argc: *": true, "argc: 2*": true, "argc: *2": true, "argc: *3": false,
		"argument 0: a*": true, "argument 0: *: *": true, "argument 0: b*": false, "environment: B=2": true, "environment: =2": false,
		"empty: ": true, "empty: *": true, "missing: *": false, "environment: *=*=*": false,
	} {
		if facts.Has(line) != want {
			t.Errorf("Has(%q) is %v", line, !want)
		}
	}
}
