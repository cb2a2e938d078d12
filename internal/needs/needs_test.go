package needs

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/caps"
	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
)

func TestOfConfig(t *testing.T) {
	for _, test := range []struct {
		text string
		want Needs
	}{
		{"", Needs{Helper: caps.Helper, Bases: []dirs.Spec{dirs.Private("/tmp")}}},
		{"Exempt 0-", Needs{Helper: caps.Helper, Bases: []dirs.Spec{dirs.Private("/tmp")}}}, // --exec ignores it
		{"Directory /tmp off", Needs{Helper: caps.Helper}},
		{"Directory /tmp off\nRuntimeDirectory no", Needs{}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nDirectory /b env\nMatch User c\nDirectory /b env variables=B\nDirectory /d env",
			Needs{Helper: caps.Helper, Bases: []dirs.Spec{dirs.Private("/b"), dirs.Private("/d")}}},
		{"Directory /tmp tmpfs\nDirectory /a mount share=x\nRuntimeDirectory no\nMatch User a\nDirectory /a mount",
			Needs{Launcher: caps.Keeper, Helper: caps.Helper, Instances: []dirs.Instance{
				{At: "/tmp", Fresh: true, In: dirs.System}, {At: "/a", Share: "x", In: dirs.System}}}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nDirectory /tmp tmpfs",
			Needs{Launcher: caps.Mounter, Helper: caps.Helper, Instances: []dirs.Instance{{At: "/tmp", Fresh: true, In: dirs.System}}}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nAmbient cap_chown\nMatch User b\nAmbient cap_net_raw cap_syslog",
			Needs{Launcher: 1<<0 | 1<<13 | 1<<34}},
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
