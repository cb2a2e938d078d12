package config

import (
	"strings"
	"testing"
)

func TestMatchFaults(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Match", "Match takes All, or pairs"},
		{"Match User", "Match takes All, or pairs"},
		{"Match User a Group", "Match takes All, or pairs"},
		{"Match All User a", "Match takes All, or pairs"},
		{"Match All all", "Match All stands alone"},
		{"Match User a All all", "Match All stands alone"},
		{"Match Host a", "Match knows User, Group, Uid, Gid and All, not Host"},
		{"Match Uid alice", `"alice" is no uid`},
		{"Match Gid wheel", `"wheel" is no gid, and no range such as 1000-1999`},
		{"Match Uid 5-1", `"5-1" is no uid`},
		{"Match User a,", "an empty pattern"},
		{"Match Group ''", "an empty pattern"},
		{"Match User a, b", "Match takes All, or pairs"},
	} {
		_, err := Parse("conf", test.line+"\nLog all")
		if err == nil || !strings.HasPrefix(err.Error(), "conf:1: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Parse(%q) = %v; want conf:1: … %s", test.line, err, test.want)
		}
	}
}
