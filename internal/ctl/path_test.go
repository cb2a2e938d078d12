package ctl

import (
	"strings"
	"testing"

	"tmpshell/internal/config"
)

func TestPath(t *testing.T) {
	v := sessionView{uid: 4000001, parent: 7, dirs: []config.Directory{
		{Path: "/tmp", Method: config.Mount, Share: []string{"meet/"}},
		{Path: "/tmp/in", Method: config.Tmpfs},
		{Path: "/var/tmp", Method: config.Mount, Store: "/var/tmp/.store"},
	}}
	for _, c := range []struct{ file, outside, inside string }{
		{"/tmp", "/var/lib/tmpshell/4000001/tmp", "/run/tmpshell/shared/tmp"},
		{"/tmp/a/b", "/var/lib/tmpshell/4000001/tmp/a/b", "/run/tmpshell/shared/tmp/a/b"},
		{"/tmpx", "/tmpx", "/tmpx"},
		{"/home/f", "/home/f", "/home/f"},
		{"/tmp/in/f", "", "/run/tmpshell/shared/tmp-in/f"},
		{"/run/tmpshell/shared/tmp/x", "/tmp/x", "/run/tmpshell/shared/tmp/x"},
		{"/var/tmp/f", "/var/tmp/.store/4000001/var-tmp/f", "/run/tmpshell/shared/var-tmp/f"},
		{"/var/lib/tmpshell/4000001/tmp/f", "/var/lib/tmpshell/4000001/tmp/f", "/tmp/f"},
		{"/var/tmp/.store/4000001/var-tmp/f", "/var/tmp/.store/4000001/var-tmp/.store/4000001/var-tmp/f", "/var/tmp/f"},
		{"/var/lib/tmpshell/5/tmp/f", "/var/lib/tmpshell/5/tmp/f", ""},
	} {
		for what, f := range map[string]func(string) (string, error){"outside": v.outside, "inside": v.inside} {
			want := map[string]string{"outside": c.outside, "inside": c.inside}[what]
			if got, err := f(c.file); got != want || (err != nil) != (want == "") {
				t.Errorf("%s, %s: %q, %v; want %q", c.file, what, got, err, want)
			}
		}
	}
	v.jobs = map[string]string{"/tmp": "17"}
	for file, want := range map[string]string{"/tmp/a": "/var/lib/tmpshell/4000001.17/tmp/a", "/var/tmp/f": "/var/tmp/.store/4000001/var-tmp/f"} {
		if got, err := v.outside(file); got != want || err != nil {
			t.Errorf("%s in job 17: %q, %v; want %q", file, got, err, want)
		}
		if got, err := v.inside(want); got != file || err != nil {
			t.Errorf("%s in job 17: %q, %v; want %q", want, got, err, file)
		}
	}
	for file, want := range map[string]string{"/var/lib/tmpshell/4000001/tmp/a": "other sessions", "/var/lib/tmpshell/4000001.18/tmp/a": "other sessions", "/var/lib/tmpshell/4000002.17/tmp/a": "another user's"} {
		if got, err := v.inside(file); got != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s in job 17: %q, %v; want %q", file, got, err, want)
		}
	}
	v.present = true
	if got, err := v.outside("/tmp/in/f"); got != "/proc/7/root/tmp/in/f" || err != nil {
		t.Errorf("in a tmpfs of the session: %q, %v", got, err)
	}
}
