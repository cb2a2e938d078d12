package compile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/config"
)

func texts(errs []*config.Error) []string {
	var list []string
	for _, e := range errs {
		list = append(list, e.Error())
	}
	return list
}

// A name that nobody knows is told with its line, and with what may have been meant.
func TestUnknown(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"Exempt root alice 1000-", nil},
		{"Exempt root @domain users", []string{
			"conf:1: nobody knows the user users",
			"conf:1: nobody knows the group domain; a name with a blank in it is quoted: '@domain users'"}},
		{"Exempt root '@domain users'", []string{"conf:1: nobody knows the group domain users"}},
		{"Exempt @domain @users", []string{"conf:1: nobody knows the group domain", "conf:1: nobody knows the group users"}},
		{"Exempt @domain alice", []string{"conf:1: nobody knows the group domain"}},
		{"Log all\nMatch User alice,carol\nLog none\nMatch Group carol\nLog none\nMatch User !carol,*\nLog all", []string{
			"conf:2: nobody knows the user carol", "conf:4: nobody knows the group carol"}},
	} {
		c, err := config.Parse("conf", test.text)
		if err != nil {
			t.Fatal(err)
		}
		r, err := All(c, Options{Names: machine(t, root, alice)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, texts(r.Unknown)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
	}
}
