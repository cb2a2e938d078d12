package needs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/capset"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/private"
)

func TestOfConfig(t *testing.T) {
	before := seesMachine
	t.Cleanup(func() { seesMachine = before })
	seesMachine = func() bool { return false }
	if got := OfConfig(&config.Config{}).Remover; got != capset.Remover {
		t.Errorf("in a container, the remover needs %v; want %v", got, capset.Remover)
	}
	seesMachine = func() bool { return true }
	for _, test := range []struct {
		text string
		want Needs
	}{
		{"", Needs{Helper: capset.Helper, Bases: []making.Base{"/tmp"}}},
		{"Exempt 0-", Needs{Helper: capset.Helper, Bases: []making.Base{"/tmp"}}}, // --exec ignores it
		{"Directory /tmp off", Needs{Helper: capset.Helper}},
		{"Directory /tmp off\nRuntimeDirectory no", Needs{Helper: capset.Helper}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nDirectory /b env\nMatch User c\nDirectory /b env variables=B\nDirectory /d env",
			Needs{Helper: capset.Helper, Bases: []making.Base{"/b", "/d"}}},
		{"Directory /tmp tmpfs\nDirectory /a mount share=x\nRuntimeDirectory no\nMatch User a\nDirectory /a mount",
			Needs{Session: capset.Keeper, Helper: capset.Helper, Instances: []private.Instance{
				{At: "/tmp", Fresh: true}, {At: "/a", Share: "x"}}}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nDirectory /tmp tmpfs",
			Needs{Session: capset.Mounter, Helper: capset.Helper, Instances: []private.Instance{{At: "/tmp", Fresh: true}}}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nAmbient cap_chown\nMatch User b\nAmbient cap_net_raw cap_syslog",
			Needs{Helper: capset.Helper, Session: 1<<0 | 1<<13 | 1<<34}},
		{"Match User a\nSupervise yes", Needs{Helper: capset.Helper, Remover: capset.Remover | capset.SysPtrace, Supervise: true, Bases: []making.Base{"/tmp"}}},
	} {
		c, err := config.Parse("conf", test.text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, OfConfig(c)); diff != "" {
			t.Errorf("OfConfig(%q) (-want +got):\n%s", test.text, diff)
		}
	}
}
