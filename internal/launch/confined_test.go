package launch

import (
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

func TestConfinedBy(t *testing.T) {
	for label, want := range map[string][2]string{
		"":                            {},
		"unconfined\n":                {},
		"/usr/sbin/sshd (enforce)\n":  {"the AppArmor profile", "/usr/sbin/sshd"},
		"sshd//session (enforce)":     {"the AppArmor profile", "sshd//session"},
		"/usr/sbin/cron (complain)\n": {},
		"user_u:user_r:user_t:s0\x00": {"the SELinux domain", "user_t"},
		"staff_u:staff_r:staff_t:s0-s0:c0.c1023\x00":                {"the SELinux domain", "staff_t"},
		"unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\x00": {},
		"_\x00": {}, // Smack
	} {
		if what, name := confinedBy(label); what != want[0] || name != want[1] {
			t.Errorf("%q: %q %q; want %q", label, what, name, want)
		}
	}
}

func TestMayBeForbidden(t *testing.T) {
	for _, test := range []struct {
		why   bare.Trouble
		setup bool
		want  bool
	}{
		{bare.Failed("open", bare.Errno(unix.EACCES), "/proc/thread-self/ns/mnt", ""), false, true},
		{bare.Failed("unshare", bare.Errno(unix.ENOSPC), "", ""), false, false},
		{bare.Broken("", "", "tmpshell-helper: cannot act as root on files (CAP_SETUID and CAP_SETGID are needed)"), false, true},
		{bare.Broken("", "", "tmpshell-helper: mkdirat /tmp/.private: permission denied"), false, true},
		{bare.Broken("", "", "tmpshell-helper: mkdirat /tmp/.private: no space left on device"), false, false},
		{bare.Broken("/usr/libexec/tmpshell-session", "", "does not have the capabilities that the configuration needs"), true, true},
	} {
		l := launcher{}
		l.session.setup = test.setup
		if got := l.mayBeForbidden(&test.why); got != test.want {
			t.Errorf("%+v: %v", test.why, got)
		}
	}
}
