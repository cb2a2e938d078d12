package migrate

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/config"
)

// lines leaves comments and empty lines out.
func lines(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		if l != "\n" && l[0] != '#' {
			b.WriteString(l)
		}
	}
	return b.String()
}

func TestNamespace(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       string
		findings   []string
	}{
		{"nothing", "# a comment\n\n", "", nil},
		{"usual", "/tmp     /tmp-inst/       \tuser      root,adm # x\n/var/tmp /var/tmp/tmp-inst/   \tuser      root,adm\n",
			"Directory /tmp mount\nDirectory /var/tmp mount\n\nMatch User adm\n    Directory /tmp off\n    Directory /var/tmp off\n", nil},
		{"for everybody", "/tmp/ /tmp-inst/ user\n", "Directory /tmp mount\n", nil},
		{"for some", "/tmp /i/ user ~alice,bob\n/scratch /i/ user ~alice,bob\n",
			"Match User alice,bob\n    Directory /tmp mount\n    Directory /scratch mount\n", nil},
		{"tmpfs", "/tmp /i/ tmpfs:mntopts=size=512M,nr_inodes=10k,nosuid,noexec,mode=700 root\n",
			"Directory /tmp tmpfs size=512M inodes=10k options=noexec\n", []string{"1: /tmp: the mount option mode=700 has no equivalent"}},
		{"quotes", "\"/scratch\" \"/a b/\" \"user\"\n", "Directory /scratch mount\n", nil},
		{"flags", "/tmp /i/ user:create=1777,root,root:noinit root\n/s /i/ user:iscript=x:shared\n", "Directory /tmp mount\nDirectory /s mount\n",
			[]string{"1: /tmp: create=1777,root,root: the directory is not made; tmpfiles.d(5) can make it at boot",
				"2: /s: iscript=x: no script is run for a session", "2: /s: the flag shared has no equivalent"}},
		{"no equivalent", "$HOME $HOME/$USER.inst/ user\n/tmp /i/ level root\n/x /i/ tmpdir\n/etc/x /i/ user\n/y /i/ users\n/z\n/a /i/ user ~b*\n", "", []string{
			"1: $HOME: a directory whose name depends on the user has no equivalent",
			"2: /tmp: method level, an instance for each SELinux level or context, has no equivalent; for one for each user: Directory /tmp mount",
			"3: /x: method tmpdir, a directory that is removed with the session, has no equivalent; the nearest is: Directory /x tmpfs",
			"4: /etc/x: /etc/x is the system's own, and is what setuid programs go by; it cannot be a private directory",
			"5: /y: there is no method users",
			"6: is no line of namespace.conf(5): that has three fields or four, and this one 1",
			`7: /a: "b*" is no name of a user that Match could have`,
		}},
		{"another one for some", "/tmp /i/ user root,adm,bob\n/tmp /j/ tmpfs ~adm\n/x /j/ tmpfs ~adm\n/x /k/ user ~bob,adm\n",
			"Directory /tmp mount\n\nMatch User adm\n    Directory /tmp tmpfs\n    Directory /x tmpfs\n\nMatch User bob\n    Directory /x mount\n    Directory /tmp off\n",
			[]string{"4: /x: a second line for it and adm; the first one counts"}},
		{"twice", "/tmp /i/ user root\n/tmp /j/ tmpfs root\n", "Directory /tmp mount\n", []string{"2: /tmp: a second line for it; the first one counts"}},
	} {
		conf, findings := Namespace([]Source{{"n.conf", test.text}})
		var got []string
		for _, f := range findings {
			if f.File != "n.conf" || !strings.Contains(conf, "# No equivalent: n.conf:") {
				t.Errorf("%s: %+v, and the text is\n%s", test.name, f, conf)
			}
			got = append(got, strings.TrimPrefix(config.Pos{File: "", Line: f.Line}.String(), ":")+": "+f.Message)
		}
		if diff := cmp.Diff(test.findings, got); diff != "" {
			t.Errorf("%s: findings (-want +got):\n%s", test.name, diff)
		}
		if diff := cmp.Diff(strings.ReplaceAll(test.want, "\n\n", "\n"), lines(conf)); diff != "" {
			t.Errorf("%s: lines (-want +got):\n%s", test.name, diff)
		}
		if _, err := config.Parse("made", conf); err != nil {
			t.Errorf("%s: what was made is refused: %v\n%s", test.name, err, conf)
		}
	}
	conf, _ := Namespace([]Source{{"a", "/tmp /i/ user ~bob\n"}, {"b", "/var/tmp /i/ user adm"}})
	for _, want := range []string{"# From a, b,", "# a:1: /tmp: the others get", "# b:1: /var/tmp: root has an instance"} {
		if !strings.Contains(conf, want) {
			t.Errorf("no %q in\n%s", want, conf)
		}
	}
}

func FuzzNamespace(f *testing.F) {
	f.Add("/tmp /tmp-inst/ user:create=1777 root,adm\n\"/a b\" x tmpfs:mntopts=size=1m ~u\n")
	f.Fuzz(func(t *testing.T, text string) {
		conf, _ := Namespace([]Source{{"n", text}})
		if _, err := config.Parse("made", conf); err != nil {
			t.Errorf("what was made of %q is refused: %v\n%s", text, err, conf)
		}
	})
}
