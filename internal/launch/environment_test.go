package launch

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"

	"tmpshell/internal/bare"
)

// odd is what execve(2) lets through.
var odd = []string{"A=1", "", "NOEQUALS", "AB=2", "=C:=x", "A=3", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n"}

// held is what set has given away: an Environment of many entries is in memory that
// Go's collector does not look at.
var held []string

func set(e *Environment, name, value string) {
	held = append(held, name+"="+value+"\x00")
	e.Set(name, unsafe.StringData(held[len(held)-1]))
}

func entries(e *Environment) []string {
	list := e.Entries()
	if list[len(list)-1] != nil {
		return []string{"no nil at the end"}
	}
	return texts(list)
}

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
		value, ok := environment(odd...).Get(test.name)
		if got := bare.String(value); got != test.want || ok != test.ok {
			t.Errorf("Get(%q) = %q, %v; want %q, %v", test.name, got, ok, test.want, test.ok)
		}
	}
	if value, ok := environment().Get("A"); value != nil || ok {
		t.Errorf("Get from nothing = %q, %v; want none", bare.String(value), ok)
	}
}

func TestEnvironmentChanges(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Environment)
		want   []string
	}{
		{"Set in place, duplicates gone", func(e *Environment) { set(e, "A", "new") },
			[]string{"A=new", "", "NOEQUALS", "AB=2", "=C:=x", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n"}},
		{"Set at the end", func(e *Environment) { set(e, "NOEQUALS", "x y") }, append(slices.Clone(odd), "NOEQUALS=x y")},
		{"Set to nothing", func(e *Environment) { set(e, "E", "") },
			[]string{"A=1", "", "NOEQUALS", "AB=2", "=C:=x", "A=3", "EMPTY=", "E=", "A", "a=4", "B=\xff\n"}},
		{"Unset every duplicate", func(e *Environment) { e.Unset("A") },
			[]string{"", "NOEQUALS", "AB=2", "=C:=x", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n"}},
		{"Unset what is not there", func(e *Environment) { e.Unset("X"); e.Unset("NOEQUALS"); e.Unset("EMPT") }, odd},
		{"Set after Unset", func(e *Environment) { e.Unset("A"); set(e, "A", "z") },
			[]string{"", "NOEQUALS", "AB=2", "=C:=x", "EMPTY=", "E=a=b", "A", "a=4", "B=\xff\n", "A=z"}},
		{"Unset all", func(e *Environment) { e.Take(pointers([]string{"A=1", "A=2"})); e.Unset("A") }, nil},
		{"Set in nothing", func(e *Environment) { e.Take(nil); set(e, "A", "1") }, []string{"A=1"}},
	} {
		e := environment(odd...)
		test.change(e)
		if got := entries(e); !slices.Equal(got, test.want) || e.Failed != 0 {
			t.Errorf("%s: %q, %s; want %q", test.name, got, e.Failed.Text(), test.want)
		}
	}
}

// However many entries there are, they are all there, and some more.
func TestEnvironmentLarge(t *testing.T) {
	for _, n := range []int{0, usualEntries/2 - 1, usualEntries / 2, usualEntries/2 + 1, usualEntries, usualEntries + 1, 200_000} {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf("V%d=%d", i, i))
		}
		given := pointers(list)
		e := new(Environment)
		e.Take(given)
		for i := range 200 {
			name := fmt.Sprintf("NEW%d", i)
			list = append(list, name+"=x")
			set(e, name, "x")
		}
		if got := entries(e); !slices.Equal(got, list) || e.Failed != 0 {
			t.Errorf("%d entries become %d, %s; want %d", n, len(got), e.Failed.Text(), len(list))
		}
		if n > 0 && bare.String(given[n-1]) != list[n-1] {
			t.Errorf("%d entries: what was given is changed", n)
		}
	}
}

// Room that is used up is remembered, and nothing is written beyond it.
func TestEnvironmentFull(t *testing.T) {
	e := environment()
	n := 0
	for ; n < 2*usualEntries && e.Failed == 0; n++ {
		set(e, fmt.Sprintf("V%d", n), "x")
	}
	if e.Failed == 0 || e.Failed.Kind() != bare.Kept || len(entries(e)) != n-1 {
		t.Errorf("after %d variables: %d entries, %s", n, len(entries(e)), e.Failed.Text())
	}
	set(e, "V0", "new") // one that is there has its room
	if v, _ := e.Get("V0"); bare.String(v) != "new" {
		t.Errorf("V0 is %q", bare.String(v))
	}
}

// A '$' before anything but "{" is a plain one; "$${" is "${".
func TestExpand(t *testing.T) {
	l := new(launcher)
	l.env.Take(pointers([]string{"A=1", "B=${A}", "E=", "A=2"}))
	for value, want := range map[string]string{
		"": "", "x": "x", "${A}": "2", "${A}${A}": "22", "[${B}]": "[${A}]", "$A": "$A", "$$A": "$$A", "$": "$", "$${A}": "${A}",
		"x$${A}${A}": "x${A}2", "$$${A}": "$${A}", "${E}": "", "${NONE}x": "x", "${}": "", "a}b{": "a}b{",
	} {
		var buf [100]byte
		to := bare.NewText(buf[:])
		l.expand(&to, value)
		if got := to.String(); got != want {
			t.Errorf("%q becomes %q; want %q", value, got, want)
		}
	}
}
