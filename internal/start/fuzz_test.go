package start

import (
	"strings"
	"testing"

	"tmpshell/internal/config"
)

// FuzzScanner: where the configuration says OnFailure deny for anybody, the
// scanner that stands in for its parser says so, too: else a limit of a user's
// own making would get him a session without a private directory. It need not
// be right the other way round, but must not see what is not there.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{
		"", "OnFailure deny", "Match User x\n\tonfailure \"DENY\" # x\r\n", "O'nFail'ure d\\eny",
		"Exempt none\nLog 'a b' # OnFailure deny", "'' OnFailure deny", "#\nSetEnv A=OnFailure B=deny\nOnFailure fallback",
		"Shell /bin/rbash\nNoNewPrivileges yes\nMatch User x\nShell \"/bin/a b\"", "Shell '/a b'\nShell /c", "nonewprivileges 'Y'es",
		"Match All\nExempt alice\n''OnFailure \"\"deny",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		plain := strings.ToLower(strings.NewReplacer(`"`, "", `'`, "", `\`, "").Replace(text))
		if strings.Contains(plain, "include") {
			return // what the machine's own files say is none of this test's
		}
		var s configScanner
		for i := range len(text) {
			s.feed(text[i])
		}
		s.feed('\n')
		if s.deny && !strings.Contains(plain, "deny") && !strings.Contains(plain, "shell") || s.exempt && !strings.Contains(plain, "exempt") {
			t.Errorf("of %q, the scanner sees deny %v, exempt %v", text, s.deny, s.exempt)
		}
		c, err := config.Parse("conf", text)
		if err != nil {
			return // the built-in configuration denies nobody
		}
		for _, p := range c.Variants() {
			if p.Deny && !s.deny {
				t.Errorf("of %q, the scanner does not see OnFailure deny", text)
			}
			if p.NoNewPrivileges && !s.nnp {
				t.Errorf("of %q, the scanner does not see NoNewPrivileges", text)
			}
			if shell, _, _ := strings.Cut(string(s.shell[:]), "\x00"); p.Shell != "" && p.Shell != shell && !s.deny {
				t.Errorf("of %q, the scanner sees the shell %q, not %q", text, shell, p.Shell)
			}
		}
		if p, err := c.Resolve(superuser{}); err == nil && !p.Exempt && !s.exempt {
			t.Errorf("of %q, the scanner does not see that root is not exempt", text)
		}
	})
}

// superuser is whom the scanner exempts where no line says who is.
type superuser struct{}

func (superuser) UID() uint32               { return 0 }
func (superuser) Name() (string, error)     { return "root", nil }
func (superuser) Groups() ([]string, error) { return []string{"root"}, nil }
