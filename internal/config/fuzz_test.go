package config

import (
	"strings"
	"testing"
)

// FuzzParse: no text makes the parser panic, every error says where, and what
// it accepts can be resolved for everybody.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"",
		"Exempt root @staff 1000-1999\nDirectory /tmp env max-age=10d\n",
		"Directory /tmp mount share=.X11-unix/,.s.PGSQL.5432 options=nosuid,noexec propagation=private",
		"Directory /scratch tmpfs size=50% inodes=10k variables=A,B\r\nLog all # why\r\n",
		"SetEnv A=${TMPDIR} 'B=$${x} y' \"C=\\\"\"\nShell /bin/zsh\nOnFailure deny\nLog none",
		"Match User a*,!ab Group *,!wheel Uid 1000-,!1500\nSupervise yes\nNoNewPrivileges yes\nAmbient cap_net_raw\nMatch All\nRuntimeDirectory no",
		"Match User\nMatch All x\nLog 'x\nLog \\\n\x00\n",
		"Exempt none\nExempt none\nDirectory /tmp off\nDirectory /tmp env",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for line := range strings.Lines(text) {
			// What the machine's own files say is none of this test's.
			if w, _ := words(strings.TrimSuffix(line, "\n")); len(w) > 0 && strings.EqualFold(w[0], "include") {
				return
			}
		}
		c, err := Parse("conf", text)
		if err != nil {
			checkErrors(t, text, err)
			return
		}
		checkAll(t, "notice", text, c.Notices)
		for _, s := range []someone{root, alice, bob, ghost} {
			checkPolicy(t, text, resolve(t, c, s))
		}
		for _, p := range c.Variants() {
			checkPolicy(t, text, p)
		}
	})
}

func checkErrors(t *testing.T, text string, err error) {
	errs, ok := err.(Errors)
	if !ok || len(errs) == 0 {
		t.Fatalf("Parse(%q) = %#v; want Errors, at least one", text, err)
	}
	checkAll(t, "error", text, errs)
}

func checkAll(t *testing.T, what, text string, list []*Error) {
	for _, e := range list {
		if e.File != "conf" || e.Line < 1 || e.Line > strings.Count(text, "\n")+1 || e.Message == "" {
			t.Errorf("%s %+v for %q; want file, line and message", what, e, text)
		}
	}
}

// checkPolicy checks what the rest of tmpshell takes for granted.
func checkPolicy(t *testing.T, text string, p Policy) {
	seen := make(map[string]bool)
	for _, d := range p.Directories {
		if seen[d.Path] || checkPath(d.Path) != nil {
			t.Errorf("directory %q of %q is there twice, or is no clean path", d.Path, text)
		}
		seen[d.Path] = true
		for _, v := range d.Variables {
			if !validName(v) {
				t.Errorf("variable %q of %q; want a valid name", v, text)
			}
		}
		switch d.Method {
		case Env, Mount, Tmpfs:
		case Off:
			if d.Variables != nil {
				t.Errorf("variables %q with method off in %q; want none", d.Variables, text)
			}
		default:
			t.Errorf("method %q of %q", d.Method, text)
		}
	}
	if !seen["/tmp"] {
		t.Errorf("no /tmp in the policy of %q", text)
	}
	if p.Shell != "" && (p.Shell[0] != '/' || IsWrapperName(p.Shell)) {
		t.Errorf("Shell %q of %q", p.Shell, text)
	}
	for _, e := range p.SetEnv {
		if !validName(e.Name) || strings.ContainsRune(e.Value, 0) {
			t.Errorf("SetEnv %q=%q of %q", e.Name, e.Value, text)
		}
		expand(e.Value, func(string) string { return "" })
	}
}
