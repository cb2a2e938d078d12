package audit

import "testing"

// Another run of the program says what was random.
func TestCompare(t *testing.T) {
	object := func(path, pattern, place string, private, predictable bool) Object {
		return Object{Path: path, Pattern: pattern, Place: place, Program: "/bin/x", Kind: kindFile, Count: 1, Private: private, Predictable: predictable, names: []string{path}}
	}
	plain := Result{Objects: []Object{
		object("/tmp/xSnlzgs", "/tmp/xSnlzgs", "/tmp", false, true),
		object("/tmp/aB3dE6", "/tmp/XXXXXX", "/tmp", false, false),
		object("/tmp/lock", "/tmp/lock", "/tmp", false, true),
		object("/tmp/other", "/tmp/other", "/tmp", false, true),
	}}
	env := Result{Objects: []Object{
		object("/tmp/.audit-1/tmp/xa1B2c3", "/tmp/.audit-1/tmp/xXXXXXX", "/tmp/.audit-1/tmp", true, false),
		object("/tmp/aB3dE6", "/tmp/XXXXXX", "/tmp", false, false),
		object("/tmp/lock", "/tmp/lock", "/tmp", false, true),
	}}
	Compare(&plain, &env)
	for i, want := range []struct {
		pattern     string
		predictable bool
	}{{"/tmp/xXXXXXX", false}, {"/tmp/XXXXXX", true}, {"/tmp/lock", true}, {"/tmp/other", true}} {
		if o := plain.Objects[i]; o.Pattern != want.pattern || o.Predictable != want.predictable {
			t.Errorf("%s: pattern %s, predictable %v; want %s, %v", o.Path, o.Pattern, o.Predictable, want.pattern, want.predictable)
		}
	}
}
