package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeywordFaults(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Nonsense", "unknown keyword Nonsense"},
		{"Direktory /tmp env", "unknown keyword Direktory; did you mean Directory?"},
		{"nonewprivs yes", "unknown keyword nonewprivs; did you mean NoNewPrivileges?"},
		{"Log=all", "unknown keyword Log=all"},
		{"''", "unknown keyword "},
		{"Log\u00a0all", `unknown keyword "Log\u00a0all"`},
		{"Log\u200b all", `unknown keyword "Log\u200b"`},

		{"RuntimeDirectory", "RuntimeDirectory takes no or yes"},
		{"RuntimeDirectory maybe", `RuntimeDirectory takes no or yes, not "maybe"`},
		{"RuntimeDirectory yes yes", `RuntimeDirectory takes no or yes, not "yes yes"`},
		{"Supervise yess", `Supervise takes no or yes, not "yess"; did you mean yes?`},
		{"NoNewPrivileges 1", "NoNewPrivileges takes no or yes"},

		{"SetEnv", "SetEnv takes NAME=VALUE"},
		{"SetEnv A", `SetEnv takes NAME=VALUE, not "A"`},
		{"SetEnv A=1 =2", `SetEnv takes NAME=VALUE, not "=2"`},
		{"SetEnv 1A=2", `SetEnv takes NAME=VALUE, not "1A=2"`},
		{"SetEnv A-B=2", `SetEnv takes NAME=VALUE, not "A-B=2"`},
		{"SetEnv 'A B=2'", `SetEnv takes NAME=VALUE, not "A B=2"`},
		{"SetEnv \xc3\x84=2", `SetEnv takes NAME=VALUE, not "Ä=2"`},
		{"SetEnv A=${B", "${NAME} is not closed, or NAME is no variable, in ${B (write $${ for a plain ${)"},

		{"Shell", "Shell takes one absolute path"},
		{"Shell bash", `Shell takes one absolute path, not "bash"`},
		{"Shell ''", "Shell takes one absolute path"},
		{"Shell /bin/sh -l", "Shell takes one absolute path"},
		{"Shell /usr/bin/tmpshell", "Shell is the real shell, and /usr/bin/tmpshell is tmpshell itself"},
		{"Shell /opt/tmpshell-zsh", "Shell is the real shell, and /opt/tmpshell-zsh is tmpshell itself"},

		{"OnFailure", "OnFailure takes fallback or deny"},
		{"OnFailure allow", `OnFailure takes fallback or deny, not "allow"`},
		{"OnFailure deny deny", "OnFailure takes fallback or deny"},
		{"Log", "Log takes failures, all or none"},
		{"Log failure", `Log takes failures, all or none, not "failure"; did you mean failures?`},
		{"Log all none", "Log takes failures, all or none"},

		{"Ambient", "Ambient takes names of capabilities, or none"},
		{"Ambient net_raw", `"net_raw" is no capability; did you mean cap_net_raw?`},
		{"Ambient cap_net_raw,cap_sys_time", `"cap_net_raw,cap_sys_time" is no capability`},
		{"Ambient cap_net_raw none", `"none" is no capability`},
		{"Ambient none cap_net_raw", `"none" is no capability`},
		{"Ambient all", `"all" is no capability; see capabilities(7) for names such as cap_net_raw`},
		{"Ambient CAP_NET_RWA", `"CAP_NET_RWA" is no capability; did you mean cap_net_raw?`},
	} {
		want := "conf:2: " + test.want
		_, err := Parse("conf", "# first\n"+test.line+"\n")
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Parse(%q) = %v; want %s", test.line, err, want)
		}
		// In a Match block that matches nobody it is as wrong.
		if _, err := Parse("conf", "Match User nobody\n"+test.line); err == nil {
			t.Errorf("Parse(%q) inside Match gives no error; want one", test.line)
		}
	}
}

// What this version does not do is said, not silently left undone.
func TestNotInEffect(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{"Directory /tmp env max-age=10d", ""},
		{"Directory /tmp mount per=session", "per=session"},
		{"Directory /tmp mount per=user", ""},
		{"Directory /tmp mount per=SLURM_JOB_ID", ""},
		{"Directory /tmp mount store=/srv/tmp", ""},
		{"Supervise yes", ""},
		{"Directory /tmp env inherit=no", ""},
		{"Directory /tmp env", ""},
		{"Directory /tmp off", ""},
		{"Directory /tmp mount", ""},
		{"Directory /tmp tmpfs", ""},
		{"Supervise no", ""},
		{"NoNewPrivileges yes", ""},
		{"Ambient cap_net_raw", ""},
		{"Ambient none", ""},
		{"Log all", ""},
	} {
		var want []string
		if test.want != "" {
			want = []string{"conf:1: " + test.want + " is not in effect yet in this version of tmpshell"}
		}
		if diff := cmp.Diff(want, notices(mustParse(t, test.line))); diff != "" {
			t.Errorf("notices of %q (-want +got):\n%s", test.line, diff)
		}
	}
}

// Whoever shares a cache of Kerberos means that it is the same outside, which kinit
// makes impossible.
func TestNoticeOfTickets(t *testing.T) {
	for share, entry := range map[string]string{
		"krb5cc_${UID}": "krb5cc_${UID}", "krb5cc_1000,a": "krb5cc_1000", ".X11-unix/,krb5cc_*": "krb5cc_*", "krb5*": "krb5*",
		"": "", "a/,b": "", "krb5kdc/": "", ".krb5": "",
	} {
		c := mustParse(t, "Directory /tmp mount share="+share)
		var want []string
		if entry != "" {
			want = []string{"conf:1: share=" + entry + tickets}
		}
		if diff := cmp.Diff(want, notices(c)); diff != "" {
			t.Errorf("notices of share=%s (-want +got):\n%s", share, diff)
		}
		if entry != "" && (!c.Notices[0].IsOfTickets() || c.Notices[0].IsEmptyInclude()) {
			t.Errorf("the notice of share=%s is of another kind", share)
		}
	}
}

func TestIsWrapperName(t *testing.T) {
	for name, want := range map[string]bool{
		"/usr/bin/tmpshell": true, "tmpshell": true, "/x/tmpshell-zsh": true, "tmpshell-": true,
		"/usr/bin/tmpshellctl": false, "/tmpshell/bash": false, "/bin/bash": false, "": false, "/": false,
		"/bin/TMPSHELL": false, "/usr/bin/tmpshell/": true,
	} {
		if got := IsWrapperName(name); got != want {
			t.Errorf("IsWrapperName(%q) = %v; want %v", name, got, want)
		}
	}
}
