package ctl

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/account"
	"tmpshell/internal/config"
)

// FuzzShow: what show prints in a pipe is a configuration, but for the lines
// that are about the user, and it says the same.
func FuzzShow(f *testing.F) {
	for _, s := range []string{
		"", showText,
		"Directory '/a b' env variables=\nDirectory /tmp env variables=\nSetEnv 'A=x  y' B= \"C=#'$${x}\"",
		"Directory /tmp mount share=.X11-unix/,'a b' options=nosuid\nAmbient cap_kill\nShell '/opt/my shell'\nLog all",
		"Directory /s tmpfs size=50% inodes=10k propagation=private\nMatch Uid 1000-\nDirectory /s off\nSupervise yes\nRuntimeDirectory no",
	} {
		f.Add(s)
	}
	who := user{account.Account{Name: "alice", UID: 1000}, false, nil}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(strings.ToLower(strings.NewReplacer(`"`, "", `'`, "", `\`, "").Replace(text)), "include") {
			return // what the machine's own files say is none of this test's
		}
		c, err := config.Parse("conf", text)
		if err != nil {
			return
		}
		want := evaluated(t, c, who)
		var b bytes.Buffer
		if err := (&output{w: &b}).policy(who, want, ""); err != nil {
			t.Fatal(err)
		}
		var back strings.Builder
		for line := range strings.Lines(b.String()) {
			switch word, _, _ := strings.Cut(line, " "); {
			case word == "user", word == "exempt", word == "private", word == "session", word == "helper", line == "shell none\n":
			default:
				back.WriteString(line)
			}
		}
		again, err := config.Parse("shown", back.String())
		if err != nil {
			t.Fatalf("show of %q prints what is no configuration: %v\n%s", text, err, back.String())
		}
		got := evaluated(t, again, who)
		got.Exempt = want.Exempt
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(config.Directory{}, "Pos")); diff != "" {
			t.Errorf("%q, shown and read again (-want +got):\n%s\n%s", text, diff, back.String())
		}
	})
}
