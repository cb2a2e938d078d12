package launch

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/bare"
)

// invocation is an Invocation with strings.
type invocation struct {
	Mode          Mode
	Name          string
	Login, SFTP   bool
	Args          []string
	Command       string
	Problem, Word string
	User          string
	Init, PTY     bool
	List          string
}

func parse(argv, env []string) invocation {
	inv := ParseInvocation(pointers(argv), environment(env...))
	return invocation{
		Mode: inv.Mode, Name: inv.Name, Login: inv.Login, SFTP: inv.SFTP, Args: texts(inv.Args),
		Command: bare.String(inv.Command), Problem: inv.Problem, Word: inv.Word, User: inv.User,
		Init: inv.Init, PTY: inv.PTY, List: inv.InitList,
	}
}

// The table under INVOCATION in tmpshell(8).
func TestParseInvocation(t *testing.T) {
	ssh := []string{"SSH_CONNECTION=1.2.3.4 5 6.7.8.9 22"}
	sshWith := func(command string) []string { return append(ssh[:1:1], "SSH_ORIGINAL_COMMAND="+command) }
	only := []string{"SSH_ORIGINAL_COMMAND=id"}
	long := "printf %s '" + strings.Repeat("x\ty \xff\n'\\''$(id)\"", 100<<10/16) + "'"

	for _, test := range []struct {
		argv []string
		env  []string
		want invocation
	}{
		// argv[0] in every shape, no argument.
		{nil, nil, invocation{}},
		{[]string{""}, nil, invocation{}},
		{[]string{"-"}, nil, invocation{Login: true}},
		{[]string{"tmpshell"}, nil, invocation{Name: "tmpshell"}},
		{[]string{"-tmpshell"}, nil, invocation{Name: "tmpshell", Login: true}},
		{[]string{"/usr/bin/tmpshell"}, nil, invocation{Name: "/usr/bin/tmpshell"}},
		{[]string{"-/usr/bin/tmpshell"}, nil, invocation{Name: "/usr/bin/tmpshell", Login: true}},
		{[]string{"--tmpshell"}, nil, invocation{Name: "-tmpshell", Login: true}},
		{[]string{"su"}, nil, invocation{Name: "su"}},

		// Exactly these arguments.
		{[]string{"tmpshell", "-c", "id"}, nil, invocation{Name: "tmpshell", Args: []string{"-c", "id"}}},
		{[]string{"tmpshell", "-c", "id", "a0", "", "-x"}, nil, invocation{Name: "tmpshell", Args: []string{"-c", "id", "a0", "", "-x"}}},
		{[]string{"tmpshell", "-c", long}, nil, invocation{Name: "tmpshell", Args: []string{"-c", long}}},
		{[]string{"tmpshell", ""}, nil, invocation{Name: "tmpshell", Args: []string{""}}},
		{[]string{"tmpshell", "-l"}, nil, invocation{Name: "tmpshell", Args: []string{"-l"}}},
		{[]string{"tmpshell", "--login", "-i"}, nil, invocation{Name: "tmpshell", Args: []string{"--login", "-i"}}},
		{[]string{"tmpshell", "-s", "a"}, nil, invocation{Name: "tmpshell", Args: []string{"-s", "a"}}},
		{[]string{"tmpshell", "script", "--exec"}, nil, invocation{Name: "tmpshell", Args: []string{"script", "--exec"}}},
		{[]string{"tmpshell", "-c", "--version"}, nil, invocation{Name: "tmpshell", Args: []string{"-c", "--version"}}},
		{[]string{"tmpshell", "--"}, nil, invocation{Name: "tmpshell", Args: []string{"--"}}},
		{[]string{"tmpshell", "--exec=x"}, nil, invocation{Name: "tmpshell", Args: []string{"--exec=x"}}},
		{[]string{"", "-c", "id"}, nil, invocation{Args: []string{"-c", "id"}}},
		{[]string{"-tmpshell", "-c", "id"}, nil, invocation{Name: "tmpshell", Login: true, Args: []string{"-c", "id"}}},

		// tmpshell's own, unless argv[0] says login shell.
		{[]string{"tmpshell", "--version"}, nil, invocation{Mode: Version, Name: "tmpshell", Args: []string{"--version"}}},
		{[]string{"tmpshell", "--help", "x"}, nil, invocation{Mode: Help, Name: "tmpshell", Args: []string{"--help", "x"}}},
		{[]string{"", "--version"}, nil, invocation{Mode: Version, Args: []string{"--version"}}},
		{[]string{"-tmpshell", "--version"}, nil, invocation{Name: "tmpshell", Login: true, Args: []string{"--version"}}},
		{[]string{"-tmpshell", "--help"}, nil, invocation{Name: "tmpshell", Login: true, Args: []string{"--help"}}},
		{[]string{"-", "--exec", "id"}, nil, invocation{Login: true, Args: []string{"--exec", "id"}}},
		{[]string{"-tmpshell", "--exec", "--nonsense"}, nil, invocation{Name: "tmpshell", Login: true, Args: []string{"--exec", "--nonsense"}}},

		// A link is a shell and nothing else.
		{[]string{"tmpshell-zsh", "--version"}, nil, invocation{Name: "tmpshell-zsh", Args: []string{"--version"}}},
		{[]string{"/usr/bin/tmpshell-rbash", "--exec", "sh"}, nil,
			invocation{Name: "/usr/bin/tmpshell-rbash", Args: []string{"--exec", "sh"}}},

		// A container's entrypoint.
		{[]string{"tmpshell", "--exec", "id"}, nil, invocation{Mode: Program, Name: "tmpshell", Args: []string{"id"}}},
		{[]string{"tmpshell", "--exec", "id", "-u", "--", "--exec"}, nil,
			invocation{Mode: Program, Name: "tmpshell", Args: []string{"id", "-u", "--", "--exec"}}},
		{[]string{"tmpshell", "--exec", "--", "-x", "y"}, nil, invocation{Mode: Program, Name: "tmpshell", Args: []string{"-x", "y"}}},
		{[]string{"tmpshell", "--exec", "--user=app:1", "id", "--user", "x"}, nil,
			invocation{Mode: Program, Name: "tmpshell", User: "app:1", Args: []string{"id", "--user", "x"}}},
		{[]string{"tmpshell", "--exec", "--user", "app:1", "id", "--user", "x"}, nil,
			invocation{Mode: Program, Name: "tmpshell", User: "app:1", Args: []string{"id", "--user", "x"}}},
		{[]string{"tmpshell", "--exec", "--user", "--", "--", "--user"}, nil,
			invocation{Mode: Program, Name: "tmpshell", User: "--", Args: []string{"--user"}}},
		{[]string{"tmpshell", "--exec", "--init", "id", "--init"}, nil,
			invocation{Mode: Program, Name: "tmpshell", Init: true, Args: []string{"id", "--init"}}},
		{[]string{"tmpshell", "--exec", "--pty", "--init=group,grace=0,remap=143,remap=0", "--user", "a", "--", "--pty"}, nil,
			invocation{Mode: Program, Name: "tmpshell", User: "a", Init: true, PTY: true, List: "group,grace=0,remap=143,remap=0", Args: []string{"--pty"}}},
		{[]string{"tmpshell", "--exec", "--init=group", "--init", "id"}, nil,
			invocation{Mode: Program, Name: "tmpshell", Init: true, Args: []string{"id"}}},
		{[]string{"tmpshell", "--exec", "--", "--user", "x"}, nil,
			invocation{Mode: Program, Name: "tmpshell", Args: []string{"--user", "x"}}},
		{[]string{"tmpshell", "--exec", "--", "--"}, nil, invocation{Mode: Program, Name: "tmpshell", Args: []string{"--"}}},
		{[]string{"tmpshell", "--exec", ""}, nil, invocation{Mode: Program, Name: "tmpshell", Args: []string{""}}},
		{[]string{"tmpshell", "--exec", "id"}, sshWith("rm"), invocation{Mode: Program, Name: "tmpshell", Args: []string{"id"}}},

		// ForceCommand.
		{[]string{"tmpshell"}, ssh, invocation{Mode: Forced, Name: "tmpshell", Login: true}},
		{[]string{"/usr/bin/tmpshell"}, ssh, invocation{Mode: Forced, Name: "/usr/bin/tmpshell", Login: true}},
		{nil, ssh, invocation{Mode: Forced, Login: true}},
		{[]string{"tmpshell"}, sshWith("id -u"), invocation{Mode: Forced, Name: "tmpshell", Command: "id -u"}},
		{[]string{"tmpshell"}, sshWith(long), invocation{Mode: Forced, Name: "tmpshell", Command: long}},
		{[]string{"tmpshell"}, sshWith("--exec id"), invocation{Mode: Forced, Name: "tmpshell", Command: "--exec id"}},
		{[]string{"tmpshell"}, sshWith(" "), invocation{Mode: Forced, Name: "tmpshell", Command: " "}},
		// An empty one is none: dropbear's.
		{[]string{"tmpshell"}, sshWith(""), invocation{Mode: Forced, Name: "tmpshell", Login: true}},
		// Of duplicates, the last one.
		{[]string{"tmpshell"}, append(sshWith("id"), "SSH_ORIGINAL_COMMAND=ls"), invocation{Mode: Forced, Name: "tmpshell", Command: "ls"}},
		// The login shell of sshd has a '-', and -c always wins.
		{[]string{"-tmpshell"}, ssh, invocation{Name: "tmpshell", Login: true}},
		{[]string{"-tmpshell"}, sshWith("id"), invocation{Name: "tmpshell", Login: true}},
		{[]string{"tmpshell", "-c", "ls"}, sshWith("id"), invocation{Name: "tmpshell", Args: []string{"-c", "ls"}}},
		{[]string{"tmpshell", "-l"}, sshWith("id"), invocation{Name: "tmpshell", Args: []string{"-l"}}},
		// A shell of passwd(5), as for su, in a session of ssh.
		{[]string{"tmpshell"}, append(sshWith("id"), "SHELL=/usr/bin/tmpshell"), invocation{Name: "tmpshell"}},
		{[]string{"tmpshell-zsh"}, append(ssh[:1:1], "SHELL=/usr/bin/tmpshell-zsh"), invocation{Name: "tmpshell-zsh"}},
		{[]string{"tmpshell"}, append(ssh[:1:1], "SHELL=/bin/bash"), invocation{Mode: Forced, Name: "tmpshell", Login: true}},
		// Not under sshd.
		{[]string{"tmpshell"}, only, invocation{Name: "tmpshell"}},
		{[]string{"tmpshell"}, []string{"SSH_CONNECTION_X=1", "SSH_ORIGINAL_COMMAND=id"}, invocation{Name: "tmpshell"}},

		// The real shell runs it, with what stands behind it.
		{[]string{"tmpshell"}, sshWith("internal-sftp"), invocation{Mode: Forced, Name: "tmpshell", SFTP: true}},
		{[]string{"tmpshell"}, sshWith("internal-sftp -l INFO  -f AUTH "),
			invocation{Mode: Forced, Name: "tmpshell", SFTP: true, Command: " -l INFO  -f AUTH "}},
		{[]string{"tmpshell"}, sshWith("internal-sftpd"), invocation{Mode: Forced, Name: "tmpshell", Command: "internal-sftpd"}},
		{[]string{"tmpshell"}, sshWith(" internal-sftp"), invocation{Mode: Forced, Name: "tmpshell", Command: " internal-sftp"}},
		{[]string{"tmpshell"}, sshWith("internal-sftp; id"),
			invocation{Mode: Forced, Name: "tmpshell", Command: "internal-sftp; id"}},
		{[]string{"-tmpshell"}, sshWith("internal-sftp"), invocation{Name: "tmpshell", Login: true}},
	} {
		got := parse(test.argv, test.env)
		if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("ParseInvocation(%.60q, %.60q) (-want +got):\n%.2000s", test.argv, test.env, diff)
		}
	}
}

// What --exec cannot do is an error, and no program.
func TestParseInvocationFaults(t *testing.T) {
	for args, want := range map[string]string{
		"--exec":                     "no program given; usage: tmpshell --exec [--user USER[:GROUP]] [--init[=LIST]] [--pty] [--] PROGRAM [ARG...]",
		"--exec --":                  "no program given; usage: tmpshell --exec [--user USER[:GROUP]] [--init[=LIST]] [--pty] [--] PROGRAM [ARG...]",
		"--exec --init":              "no program given",
		"--exec --pty":               "no program given",
		"--exec --init= id":          "--init= is not known; --init takes group, grace=SECONDS and remap=CODE, comma-separated",
		"--exec --init=group, id":    "--init=group, is not known",
		"--exec --init=group= id":    "--init=group= is not known",
		"--exec --init=remap=256 id": "--init=remap=256 is not known",
		"--exec --init=grace=-1 id":  "--init=grace=-1 is not known",
		"--exec --init=grace id":     "--init=grace is not known",
		"--exec --user":              "--user takes USER[:GROUP], names or numbers; usage: ",
		"--exec --user a":            "no program given",
		"--exec --user a --pty=1 id": "--pty=1 is not known",
		"--exec --user= id":          "--user= is not known to --exec",
		"--exec --user=a":            "no program given",
		"--exec -x id":               "-x is not known to --exec; write -- before a program of that name",
		"--exec - id":                "- is not known to --exec",
		"--exec --initial":           "--initial is not known to --exec",
	} {
		got := parse(append([]string{"tmpshell"}, strings.Fields(args)...), nil)
		if text := got.Word + got.Problem; got.Mode != Wrong || !strings.HasPrefix(text, want) {
			t.Errorf("%s: mode %d, %q; want %q", args, got.Mode, text, want)
		}
	}
}

func TestShellName(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "tmpshell": "", "-": "", "tmpshell-zsh": "zsh", "/usr/bin/tmpshell-zsh": "zsh", "-tmpshell-zsh": "zsh",
		"-/usr/bin/tmpshell-zsh": "zsh", "tmpshell-": "", "tmpshell-rbash-5": "rbash-5", "tmpshellzsh": "",
		"/tmpshell-zsh/bash": "", "xtmpshell-zsh": "", "/": "",
	} {
		inv := ParseInvocation(pointers([]string{name}), environment())
		if got := inv.ShellName(); got != want {
			t.Errorf("ShellName of %q = %q; want %q", name, got, want)
		}
	}
	for path, want := range map[string]bool{
		"tmpshell": true, "/usr/bin/tmpshell": true, "tmpshell-zsh": true, "/x/tmpshell-": true, "": false, "/bin/sh": false,
		"/tmpshell/sh": false, "tmpshells": false,
	} {
		if IsWrapperName(path) != want {
			t.Errorf("IsWrapperName(%q) = %v", path, !want)
		}
	}
}

func TestArgv0(t *testing.T) {
	ssh := []string{"SSH_CONNECTION=1 2 3 4"}
	sshID := append(ssh[:1:1], "SSH_ORIGINAL_COMMAND=id")
	for _, test := range []struct {
		name string
		env  []string
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
		inv := ParseInvocation(pointers([]string{test.name}), environment(test.env...))
		var buf [100]byte
		to := bare.NewText(buf[:])
		inv.AddArgv0(&to, "/usr/bin/zsh")
		if got := to.String(); got != test.want {
			t.Errorf("argv[0] for %q under %q = %q; want %q", test.name, test.env, got, test.want)
		}
	}
}
