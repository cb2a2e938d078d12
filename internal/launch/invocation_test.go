package launch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The table under INVOCATION in tmpshell(8).
func TestParseInvocation(t *testing.T) {
	ssh := Environment{"SSH_CONNECTION=1.2.3.4 5 6.7.8.9 22"}
	sshWith := func(command string) Environment { return append(ssh[:1:1], "SSH_ORIGINAL_COMMAND="+command) }
	only := Environment{"SSH_ORIGINAL_COMMAND=id"}
	long := "printf %s '" + strings.Repeat("x\ty \xff\n'\\''$(id)\"", 100<<10/16) + "'"

	for _, test := range []struct {
		argv []string
		env  Environment
		want Invocation
	}{
		// argv[0] in every shape, no argument.
		{nil, nil, Invocation{}},
		{[]string{""}, nil, Invocation{}},
		{[]string{"-"}, nil, Invocation{Login: true}},
		{[]string{"tmpshell"}, nil, Invocation{Name: "tmpshell"}},
		{[]string{"-tmpshell"}, nil, Invocation{Name: "tmpshell", Login: true}},
		{[]string{"/usr/bin/tmpshell"}, nil, Invocation{Name: "/usr/bin/tmpshell"}},
		{[]string{"-/usr/bin/tmpshell"}, nil, Invocation{Name: "/usr/bin/tmpshell", Login: true}},
		{[]string{"--tmpshell"}, nil, Invocation{Name: "-tmpshell", Login: true}},
		{[]string{"su"}, nil, Invocation{Name: "su"}},

		// Exactly these arguments.
		{[]string{"tmpshell", "-c", "id"}, nil, Invocation{Name: "tmpshell", Args: []string{"-c", "id"}}},
		{[]string{"tmpshell", "-c", "id", "a0", "", "-x"}, nil, Invocation{Name: "tmpshell", Args: []string{"-c", "id", "a0", "", "-x"}}},
		{[]string{"tmpshell", "-c", long}, nil, Invocation{Name: "tmpshell", Args: []string{"-c", long}}},
		{[]string{"tmpshell", ""}, nil, Invocation{Name: "tmpshell", Args: []string{""}}},
		{[]string{"tmpshell", "-l"}, nil, Invocation{Name: "tmpshell", Args: []string{"-l"}}},
		{[]string{"tmpshell", "--login", "-i"}, nil, Invocation{Name: "tmpshell", Args: []string{"--login", "-i"}}},
		{[]string{"tmpshell", "-s", "a"}, nil, Invocation{Name: "tmpshell", Args: []string{"-s", "a"}}},
		{[]string{"tmpshell", "script", "--exec"}, nil, Invocation{Name: "tmpshell", Args: []string{"script", "--exec"}}},
		{[]string{"tmpshell", "-c", "--version"}, nil, Invocation{Name: "tmpshell", Args: []string{"-c", "--version"}}},
		{[]string{"tmpshell", "--"}, nil, Invocation{Name: "tmpshell", Args: []string{"--"}}},
		{[]string{"tmpshell", "--exec=x"}, nil, Invocation{Name: "tmpshell", Args: []string{"--exec=x"}}},
		{[]string{"", "-c", "id"}, nil, Invocation{Args: []string{"-c", "id"}}},
		{[]string{"-tmpshell", "-c", "id"}, nil, Invocation{Name: "tmpshell", Login: true, Args: []string{"-c", "id"}}},

		// tmpshell's own, unless argv[0] says login shell.
		{[]string{"tmpshell", "--version"}, nil, Invocation{Mode: Version, Name: "tmpshell", Args: []string{"--version"}}},
		{[]string{"tmpshell", "--help", "x"}, nil, Invocation{Mode: Help, Name: "tmpshell", Args: []string{"--help", "x"}}},
		{[]string{"", "--version"}, nil, Invocation{Mode: Version, Args: []string{"--version"}}},
		{[]string{"-tmpshell", "--version"}, nil, Invocation{Name: "tmpshell", Login: true, Args: []string{"--version"}}},
		{[]string{"-tmpshell", "--help"}, nil, Invocation{Name: "tmpshell", Login: true, Args: []string{"--help"}}},
		{[]string{"-", "--exec", "id"}, nil, Invocation{Login: true, Args: []string{"--exec", "id"}}},
		{[]string{"-tmpshell", "--exec", "--nonsense"}, nil, Invocation{Name: "tmpshell", Login: true, Args: []string{"--exec", "--nonsense"}}},

		// A link is a shell and nothing else.
		{[]string{"tmpshell-zsh", "--version"}, nil, Invocation{Name: "tmpshell-zsh", Args: []string{"--version"}}},
		{[]string{"/usr/bin/tmpshell-rbash", "--exec", "sh"}, nil,
			Invocation{Name: "/usr/bin/tmpshell-rbash", Args: []string{"--exec", "sh"}}},

		// A container's entrypoint.
		{[]string{"tmpshell", "--exec", "id"}, nil, Invocation{Mode: Program, Name: "tmpshell", Args: []string{"id"}}},
		{[]string{"tmpshell", "--exec", "id", "-u", "--", "--exec"}, nil,
			Invocation{Mode: Program, Name: "tmpshell", Args: []string{"id", "-u", "--", "--exec"}}},
		{[]string{"tmpshell", "--exec", "--", "-x", "y"}, nil, Invocation{Mode: Program, Name: "tmpshell", Args: []string{"-x", "y"}}},
		{[]string{"tmpshell", "--exec", "--", "--"}, nil, Invocation{Mode: Program, Name: "tmpshell", Args: []string{"--"}}},
		{[]string{"tmpshell", "--exec", ""}, nil, Invocation{Mode: Program, Name: "tmpshell", Args: []string{""}}},
		{[]string{"tmpshell", "--exec", "id"}, sshWith("rm"), Invocation{Mode: Program, Name: "tmpshell", Args: []string{"id"}}},

		// ForceCommand.
		{[]string{"tmpshell"}, ssh, Invocation{Mode: Forced, Name: "tmpshell", Login: true}},
		{[]string{"/usr/bin/tmpshell"}, ssh, Invocation{Mode: Forced, Name: "/usr/bin/tmpshell", Login: true}},
		{nil, ssh, Invocation{Mode: Forced, Login: true}},
		{[]string{"tmpshell"}, sshWith("id -u"), Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", "id -u"}}},
		{[]string{"tmpshell"}, sshWith(""), Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", ""}}},
		{[]string{"tmpshell"}, sshWith(long), Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", long}}},
		{[]string{"tmpshell"}, sshWith("--exec id"), Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", "--exec id"}}},
		// The login shell of sshd has a '-', and -c always wins.
		{[]string{"-tmpshell"}, ssh, Invocation{Name: "tmpshell", Login: true}},
		{[]string{"-tmpshell"}, sshWith("id"), Invocation{Name: "tmpshell", Login: true}},
		{[]string{"tmpshell", "-c", "ls"}, sshWith("id"), Invocation{Name: "tmpshell", Args: []string{"-c", "ls"}}},
		{[]string{"tmpshell", "-l"}, sshWith("id"), Invocation{Name: "tmpshell", Args: []string{"-l"}}},
		// A shell of passwd(5), as for su, in a session of ssh.
		{[]string{"tmpshell"}, append(sshWith("id"), "SHELL=/usr/bin/tmpshell"), Invocation{Name: "tmpshell"}},
		{[]string{"tmpshell-zsh"}, append(ssh[:1:1], "SHELL=/usr/bin/tmpshell-zsh"), Invocation{Name: "tmpshell-zsh"}},
		{[]string{"tmpshell"}, append(ssh[:1:1], "SHELL=/bin/bash"), Invocation{Mode: Forced, Name: "tmpshell", Login: true}},
		// Not under sshd.
		{[]string{"tmpshell"}, only, Invocation{Name: "tmpshell"}},
		{[]string{"tmpshell"}, Environment{"SSH_CONNECTION_X=1", "SSH_ORIGINAL_COMMAND=id"}, Invocation{Name: "tmpshell"}},

		{[]string{"tmpshell"}, sshWith("internal-sftp"), Invocation{Mode: Subsystem, Name: "tmpshell"}},
		{[]string{"tmpshell"}, sshWith("internal-sftp -l INFO  -f AUTH "),
			Invocation{Mode: Subsystem, Name: "tmpshell", Args: []string{"-l", "INFO", "-f", "AUTH"}}},
		{[]string{"tmpshell"}, sshWith(`internal-sftp -d "a b"`),
			Invocation{Mode: Subsystem, Name: "tmpshell", Args: []string{"-d", `"a`, `b"`}}},
		{[]string{"tmpshell"}, sshWith("internal-sftpd"), Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", "internal-sftpd"}}},
		{[]string{"tmpshell"}, sshWith(" internal-sftp"), Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", " internal-sftp"}}},
		{[]string{"tmpshell"}, sshWith("internal-sftp; id"),
			Invocation{Mode: Forced, Name: "tmpshell", Args: []string{"-c", "internal-sftp; id"}}},
		{[]string{"-tmpshell"}, sshWith("internal-sftp"), Invocation{Name: "tmpshell", Login: true}},
	} {
		got, err := ParseInvocation(test.argv, test.env)
		if err != nil {
			t.Errorf("ParseInvocation(%.60q, %.60q) = %v; want no error", test.argv, test.env, err)
		}
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("ParseInvocation(%.60q, %.60q) (-want +got):\n%.2000s", test.argv, test.env, diff)
		}
	}
}

func TestParseInvocationFaults(t *testing.T) {
	for _, test := range []struct {
		args string
		want string
	}{
		{"--exec", "no program given"},
		{"--exec --", "no program given"},
		{"--exec --init", "--init is not in effect yet"},
		{"--exec --pty id", "--pty is not in effect yet"},
		{"--exec -x id", "--exec does not know -x; write -- before a program of that name"},
		{"--exec - id", "--exec does not know -;"},
	} {
		argv := append([]string{"tmpshell"}, strings.Fields(test.args)...)
		if _, err := ParseInvocation(argv, nil); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("ParseInvocation(%q) = %v; want %s…", argv, err, test.want)
		}
	}
}

func TestShellName(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "tmpshell": "", "-": "", "tmpshell-zsh": "zsh", "/usr/bin/tmpshell-zsh": "zsh", "-tmpshell-zsh": "zsh",
		"-/usr/bin/tmpshell-zsh": "zsh", "tmpshell-": "", "tmpshell-rbash-5": "rbash-5", "tmpshellzsh": "",
		"/tmpshell-zsh/bash": "", "xtmpshell-zsh": "", "/": "",
	} {
		inv, err := ParseInvocation([]string{name}, nil)
		if got := inv.ShellName(); got != want || err != nil {
			t.Errorf("ShellName of %q = %q; want %q", name, got, want)
		}
	}
}

func TestArgv0(t *testing.T) {
	ssh := Environment{"SSH_CONNECTION=1 2 3 4"}
	sshID := append(ssh[:1:1], "SSH_ORIGINAL_COMMAND=id")
	for _, test := range []struct {
		name string
		env  Environment
		want string
	}{
		{"", nil, "zsh"},
		{"-", nil, "-zsh"},
		{"tmpshell", nil, "zsh"},
		{"-tmpshell", nil, "-zsh"},
		{"-su", nil, "-zsh"},
		{"/usr/bin/tmpshell", nil, "/usr/bin/zsh"},
		{"-/usr/bin/tmpshell", nil, "-/usr/bin/zsh"},
		{"./tmpshell", nil, "/usr/bin/zsh"},
		{"tmpshell", ssh, "-zsh"},
		{"/usr/bin/tmpshell", ssh, "-zsh"},
		{"/usr/bin/tmpshell", sshID, "zsh"},
		{"-/usr/bin/tmpshell", sshID, "-/usr/bin/zsh"},
	} {
		inv, err := ParseInvocation([]string{test.name}, test.env)
		if got := inv.Argv0("/usr/bin/zsh"); got != test.want || err != nil {
			t.Errorf("Argv0 for %q under %q = %q; want %q", test.name, test.env, got, test.want)
		}
	}
}
