package audit

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"tmpshell/internal/config"
)

// The table is complete, its patterns and lines are valid, and each of its own paths
// is found.
func TestApplications(t *testing.T) {
	list := Applications()
	if len(list) < 20 {
		t.Fatalf("%d rows; want at least 20", len(list))
	}
	for i, k := range list {
		if k.Name == "" || k.Makes == "" || k.Verified == "" || len(k.Paths) == 0 || !strings.HasPrefix(k.Source, "https://") {
			t.Errorf("row %d, %q, lacks a name, what it makes, how that was verified, paths or a source", i, k.Name)
		}
		for _, p := range append(k.Paths, k.Programs...) {
			if _, err := path.Match(p, ""); err != nil {
				t.Errorf("%s: pattern %q: %v", k.Name, p, err)
			}
		}
		if conf, err := config.Parse("known.json", k.Line); err != nil || len(conf.Notices)+len(conf.Unmet) > 0 {
			t.Errorf("%s: tmpshell.conf takes %q with %v", k.Name, k.Line, err)
		}
		o := Object{Path: strings.ReplaceAll(k.Paths[0], "*", "x") + "/below"}
		o.Path = strings.Replace(o.Path, "/tmp/below", "/tmp", 1) // a file without a name
		if len(k.Programs) > 0 {
			o.Program = "/usr/bin/" + strings.ReplaceAll(k.Programs[0], "*", "3.11")
		}
		if found, ok := Find(list, o); !ok || found.Name != k.Name {
			t.Errorf("%+v is found as %q; want %q", o, found.Name, k.Name)
		}
	}
	if k, ok := Find(list, Object{Path: "/tmp/x", Program: "/usr/bin/other"}); ok {
		t.Errorf("a file of an unknown program is found as %q", k.Name)
	}
}

// A verdict's lines are ones that tmpshell.conf takes.
func TestJudge(t *testing.T) {
	object := func(program, path, place string) Object {
		return Object{Path: path, Place: place, Program: "/usr/bin/" + program, Count: 1}
	}
	tmux := object("tmux", "/tmp/tmux-0/default", "/tmp")
	for _, test := range []struct {
		objects []Object
		method  string
		lines   string
	}{
		{nil, "env", "[]"},
		{[]Object{{Path: "/tmp/.audit-1/tmp/x", Place: "/tmp/.audit-1", Private: true}}, "env", "[]"},
		{[]Object{tmux, tmux}, "env", "[SetEnv TMUX_TMPDIR=${TMPDIR}]"},
		{[]Object{tmux, object("other", "/tmp/x", "/tmp")}, "mount", "[SetEnv TMUX_TMPDIR=${TMPDIR} Directory /tmp mount]"},
		{[]Object{object("Xvfb", "/tmp/.X1-lock", "/tmp"), object("xsm", "/tmp/.ICE-unix/1", "/tmp")}, "mount", "[Directory /tmp mount share=.X11-unix/,.ICE-unix/]"},
		{[]Object{object("python3", "/dev/shm/psm_1", "/dev/shm"), object("other", "/var/tmp/x", "/var/tmp")}, "env", "[Directory /dev/shm tmpfs Directory /var/tmp mount]"},
	} {
		v := Judge(test.objects)
		if got := fmt.Sprint(v.Lines); v.Method != test.method || got != test.lines || v.Why == "" {
			t.Errorf("Judge(%v) = %s, %s; want %s, %s", test.objects, v.Method, got, test.method, test.lines)
		}
		if _, err := config.Parse("verdict", strings.Join(v.Lines, "\n")); err != nil {
			t.Errorf("Judge(%v): %v", test.objects, err)
		}
	}
}
