package config

import (
	"strings"
	"testing"
)

// Directories that cannot be had together are refused where the later one is
// written.
func TestConflict(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"Directory /tmp mount\nDirectory /tmp/x tmpfs\nDirectory /var/tmp mount", ""},
		{"Directory /tmp env\nDirectory /tmp/x mount", ""},
		{"Directory /tmp off\nDirectory /tmp/x env\nDirectory /tmp/y mount", ""},
		{"Directory /tmpx mount\nDirectory /tmp mount", ""},
		{"Directory /tmp/x tmpfs\nDirectory /tmp mount",
			"conf:1: /tmp/x would be hidden by /tmp, which is mounted after it: put the line of /tmp first"},
		{"Directory /tmp mount\nDirectory /tmp/x env", "conf:2: /tmp/x is inside /tmp, which is mounted over: use method mount or tmpfs for it, too"},
		{"Directory /tmp/x env\nDirectory /tmp tmpfs", "conf:1: /tmp/x is inside /tmp, which is mounted over"},
		{"Directory /var/tmp mount\nDirectory /var-tmp tmpfs", "conf:2: /var-tmp and /var/tmp would be kept under one name, var-tmp"},
		// In a block, with what the global section has.
		{"Directory /tmp/x env\nMatch User a\nDirectory /tmp mount", "conf:1: /tmp/x is inside /tmp"},
		{"Directory /tmp mount\nMatch User a\nDirectory /tmp/x tmpfs\nMatch User b\nDirectory /tmp/y env", "conf:5: /tmp/y is inside /tmp"},
		{"Directory /tmp mount\nMatch User a\nDirectory /tmp off\nDirectory /tmp/x env", ""},
	} {
		_, err := Parse("conf", test.text)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
			t.Errorf("%q: %v; want %q", test.text, err, test.want)
		}
	}
	// Two blocks together are nobody's to know before somebody is in both.
	c, err := Parse("conf", "Match User a\nDirectory /a mount\nMatch All\nDirectory /a/b env")
	if err != nil {
		t.Fatal(err)
	}
	policy := resolve(t, c, someone{uid: 5, name: "a"})
	if d, err := policy.Conflict(); err == nil || d.Path != "/a/b" {
		t.Errorf("Conflict() = %v, %v; want one about /a/b", d, err)
	}
}
