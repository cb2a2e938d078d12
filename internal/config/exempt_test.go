package config

import (
	"strings"
	"testing"
)

func TestExemptFaults(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Exempt", "Exempt takes users, @groups, uids, uid ranges, or none"},
		{"Exempt none root", "Exempt none stands alone"},
		{"Exempt root none", "Exempt none stands alone"},
		{"Exempt a*", `"a*" is no user, @group, uid or uid range`},
		{"Exempt a?c", `"a?c" is no user`},
		{"Exempt !bob", `"!bob" is no user`},
		{"Exempt root,alice", `"root,alice" is no user`},
		{"Exempt ''", `"" is no user`},
		{"Exempt @", `"@" is no user`},
		{"Exempt @st*", `"@st*" is no user`},
		{"Exempt @adm,@staff", `"@adm,@staff" is no user`},
		{"Exempt 2000-1000", `"2000-1000" is no user`},
		{"Exempt 4294967295", `"4294967295" is no user`},
		{"Exempt 1000-4294967296", `"1000-4294967296" is no user`},
		{"Exempt 1-2-3", `"1-2-3" is no user`},
		{"Exempt -5", `"-5" is no user`},
	} {
		_, err := Parse("conf", test.line)
		if err == nil || !strings.HasPrefix(err.Error(), "conf:1: "+test.want) {
			t.Errorf("Parse(%q) = %v; want conf:1: %s…", test.line, err, test.want)
		}
	}
}
