package guard

import (
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	table, err := parse("# a comment\n\nenv: system calls  45 # why\ntmpshell links bytes\ntmpshell links cmp\n")
	if err != nil || table.Most("env: system calls") != 45 || !slices.Equal(table.Links("tmpshell"), []string{"bytes", "cmp"}) {
		t.Errorf("%+v, %v", table, err)
	}
	for _, wrong := range []string{"env: system calls many", "45", "env calls 45", "a: b 1\na: b 2", "tmpshell links a b"} {
		if table, err := parse(wrong); err == nil {
			t.Errorf("%q was taken: %+v", wrong, table)
		}
	}
}
