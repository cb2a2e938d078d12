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
		{"", Needs{0, caps.Helper, []dirs.Spec{dirs.Private("/tmp")}}},
		{"Exempt 0-", Needs{0, caps.Helper, []dirs.Spec{dirs.Private("/tmp")}}}, // --exec ignores it
		{"Directory /tmp off", Needs{0, caps.Helper, nil}},
		{"Directory /tmp off\nRuntimeDirectory no", Needs{}},
		{"Directory /tmp off\nRuntimeDirectory no\nMatch User a\nDirectory /b env\nMatch User c\nDirectory /b env variables=B\nDirectory /d env",
			Needs{0, caps.Helper, []dirs.Spec{dirs.Private("/b"), dirs.Private("/d")}}},
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
