package compile

import (
	"testing"
	"tmpshell/internal/config"

	"github.com/google/go-cmp/cmp"
)

// Every keyword: what it takes, and what that comes to.
func TestKeywords(t *testing.T) {
	for _, test := range []struct {
		line string
		get  func(config.Policy) any
		want any
	}{
		{"", func(p config.Policy) any { return p.RuntimeDirectory }, true},
		{"RuntimeDirectory no", func(p config.Policy) any { return p.RuntimeDirectory }, false},
		{"RUNTIMEDIRECTORY NO", func(p config.Policy) any { return p.RuntimeDirectory }, false},
		{"RuntimeDirectory yes", func(p config.Policy) any { return p.RuntimeDirectory }, true},

		{"", func(p config.Policy) any { return p.SetEnv }, []config.Setting(nil)},
		{"SetEnv A=1", func(p config.Policy) any { return p.SetEnv }, []config.Setting{set("A", "1")}},
		{"setenv A=1 B='x y' _c= D=a=b", func(p config.Policy) any { return p.SetEnv },
			[]config.Setting{set("A", "1"), set("B", "x y"), set("_c", ""), set("D", "a=b")}},
		{"SetEnv A=${TMPDIR}/$${x}", func(p config.Policy) any { return p.SetEnv }, []config.Setting{set("A", "${TMPDIR}/$${x}")}},

		{"", func(p config.Policy) any { return p.Shell }, ""},
		{"Shell /bin/zsh", func(p config.Policy) any { return p.Shell }, "/bin/zsh"},
		{"Shell '/opt/my shells/zsh'", func(p config.Policy) any { return p.Shell }, "/opt/my shells/zsh"},

		{"", func(p config.Policy) any { return p.Deny }, false},
		{"OnFailure fallback", func(p config.Policy) any { return p.Deny }, false},
		{"OnFailure Deny", func(p config.Policy) any { return p.Deny }, true},

		{"", func(p config.Policy) any { return p.Supervise }, false},
		{"Supervise yes", func(p config.Policy) any { return p.Supervise }, true},
		{"Supervise no", func(p config.Policy) any { return p.Supervise }, false},

		{"", func(p config.Policy) any { return p.NoNewPrivileges }, false},
		{"NoNewPrivileges yes", func(p config.Policy) any { return p.NoNewPrivileges }, true},
		{"NoNewPrivileges no", func(p config.Policy) any { return p.NoNewPrivileges }, false},

		{"", func(p config.Policy) any { return p.Ambient }, []string(nil)},
		{"Ambient CAP_NET_RAW cap_sys_time", func(p config.Policy) any { return p.Ambient }, []string{"cap_net_raw", "cap_sys_time"}},
		{"Ambient none", func(p config.Policy) any { return p.Ambient }, []string(nil)},
		{"Ambient NONE", func(p config.Policy) any { return p.Ambient }, []string(nil)},

		{"", func(p config.Policy) any { return p.Log }, config.LogFailures},
		{"Log failures", func(p config.Policy) any { return p.Log }, config.LogFailures},
		{"log ALL", func(p config.Policy) any { return p.Log }, config.LogAll},
		{"Log none", func(p config.Policy) any { return p.Log }, config.LogNone},
	} {
		got := test.get(resolve(t, mustParse(t, "#", test.line), alice))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.line, diff)
		}
	}
}
