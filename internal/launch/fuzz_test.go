package launch

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/bare"
)

// vector is a list of strings as execve(2) takes it, out of one text.
func vector(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\x00")
}

func vectorOf(list ...string) string { return strings.Join(list, "\x00") }

// FuzzParseInvocation: whatever a caller of shells comes up with, the real shell
// gets exactly that; ForceCommand gets the client's command byte for byte; and
// only the three options in the first place are tmpshell's, and not a link's.
func FuzzParseInvocation(f *testing.F) {
	const ssh = "SSH_CONNECTION=1 2 3 4"
	for _, s := range [][2]string{
		{"", ""},
		{vectorOf("-tmpshell"), ssh},
		{vectorOf("tmpshell", "-c", "id", ""), vectorOf(ssh, "SSH_ORIGINAL_COMMAND=rm")},
		{vectorOf("/usr/bin/tmpshell"), vectorOf("SSH_ORIGINAL_COMMAND=a", ssh, "SSH_ORIGINAL_COMMAND=b\xff\n'")},
		{vectorOf("tmpshell"), vectorOf(ssh, "SSH_ORIGINAL_COMMAND=internal-sftp  -l INFO ")},
		{vectorOf("tmpshell"), vectorOf(ssh, "SSH_ORIGINAL_COMMAND=internal-sftp;id")},
		{vectorOf("tmpshell", "--exec", "--", "--", "-x"), ""},
		{vectorOf("tmpshell", "--exec", "--init", "x"), ""},
		{vectorOf("-", "--exec"), ""},
		{vectorOf("x/tmpshell-zsh", "--version"), ssh},
		{vectorOf("tmpshell"), vectorOf(ssh, "SSH_ORIGINAL_COMMAND=id", "SHELL=/usr/bin/tmpshell-zsh")},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, args, variables string) {
		argv, env := vector(args), vector(variables)
		inv := parse(argv, env)
		want, own := expected(argv, env)
		if own {
			checkExec(t, argv, inv)
		} else if diff := cmp.Diff(want, inv, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("ParseInvocation(%q, %q) (-want +got):\n%s", argv, env, diff)
		}
		const shell = "/opt/bin/zsh"
		real := ParseInvocation(pointers(argv), environment(env...))
		var buf [100]byte
		to := bare.NewText(buf[:])
		real.AddArgv0(&to, shell)
		argv0 := to.String()
		if strings.HasPrefix(argv0, "-") != inv.Login ||
			strings.TrimPrefix(argv0, "-") != shell && strings.TrimPrefix(argv0, "-") != path.Base(shell) {
			t.Errorf("argv[0] of %q is %q; want a shell, with '-' for a login shell alone", argv, argv0)
		}
		if name := real.ShellName(); strings.Contains(name, "/") || name != "" && !strings.Contains(argv[0], "tmpshell-"+name) {
			t.Errorf("ShellName of %q is %q", argv, name)
		}
	})
}

// expected goes by the table in tmpshell(8); own: --exec, which has errors.
func expected(argv, env []string) (want invocation, own bool) {
	if len(argv) > 0 {
		want.Name = strings.TrimPrefix(argv[0], "-")
		want.Login = want.Name != argv[0]
	}
	if len(argv) > 1 {
		want.Args = argv[1:]
		name, link := strings.CutPrefix(want.Name[strings.LastIndex(want.Name, "/")+1:], "tmpshell-")
		switch first := argv[1]; {
		case want.Login || link && name != "":
		case first == "--exec":
			return want, true
		case first == "--version":
			want.Mode = Version
		case first == "--help":
			want.Mode = Help
		}
		return want, false
	}
	under, command, shell := false, "", ""
	for _, e := range env {
		if s, ok := strings.CutPrefix(e, "SHELL="); ok {
			shell = s[strings.LastIndex(s, "/")+1:]
		}
		under = under || strings.HasPrefix(e, "SSH_CONNECTION=")
		if c, ok := strings.CutPrefix(e, "SSH_ORIGINAL_COMMAND="); ok {
			command = c
		}
	}
	if want.Login || !under || shell == "tmpshell" || strings.HasPrefix(shell, "tmpshell-") {
		return want, false
	}
	want.Mode, want.Command = Forced, command
	want.Login = command == "" // dropbear has it empty where there is none
	if arguments, ok := strings.CutPrefix(command, "internal-sftp"); ok && (arguments == "" || arguments[0] == ' ') {
		want.SFTP, want.Command = true, arguments
	}
	return want, false
}

// checkExec: the program is the caller's, with the caller's arguments; an option
// that is not known is an error and no program.
func checkExec(t *testing.T, argv []string, inv invocation) {
	t.Helper()
	rest := argv[2:]
	plain := len(rest) > 0 && !strings.HasPrefix(rest[0], "-")
	for len(rest) > 0 && (rest[0] == "--init" || rest[0] == "--pty") {
		rest = rest[1:]
		plain = len(rest) > 0 && !strings.HasPrefix(rest[0], "-")
	}
	if len(rest) > 1 && rest[0] == "--" {
		rest, plain = rest[1:], true
	}
	if plain != (inv.Mode == Program) || plain && !slices.Equal(inv.Args, rest) || !plain && (inv.Mode != Wrong || inv.Problem == "") {
		t.Errorf("ParseInvocation(%q) = %+v; want the program %q", argv, inv, rest)
	}
}

// FuzzEnvironment: what Set and Unset are about changes, and nothing else does.
func FuzzEnvironment(f *testing.F) {
	f.Add("A=1\x00B\x00\x00=x\x00A=2", "A", "v")
	f.Add(vectorOf("TMPDIR=/x", "TMPDIRS=/y", "TMPDIR"), "TMPDIR", "")
	f.Fuzz(func(t *testing.T, text, name, value string) {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return
		}
		before := vector(text)
		is := func(e string) bool { return strings.HasPrefix(e, name+"=") }
		others := slices.DeleteFunc(slices.Clone(before), is)

		e := environment(before...)
		set(e, name, value)
		got, _ := e.Get(name)
		if after := entries(e); bare.String(got) != value || !slices.Equal(slices.DeleteFunc(slices.Clone(after), is), others) ||
			len(after) != len(others)+1 || slices.IndexFunc(after, is) != firstOr(slices.IndexFunc(before, is), len(before)) {
			t.Errorf("%q with %s=%q is %q", before, name, value, after)
		}
		e = environment(before...)
		e.Unset(name)
		if after := entries(e); !slices.Equal(after, others) {
			t.Errorf("%q without %s is %q", before, name, after)
		}
	})
}

func firstOr(i, otherwise int) int {
	if i < 0 {
		return otherwise
	}
	return i
}

// FuzzClean: what is printed has no control character, is valid UTF-8, and is
// otherwise what it was.
func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("a\x1b[31m\x7f\u009b\u00e9\xff\xc2\u20ac\U0001f600\xed\xa0\x80\xf4\x90\x80\x80\xe0\x80\x80")
	f.Fuzz(func(t *testing.T, text string) {
		b := []byte(text)
		clean(b)
		var want []byte
		for i, r := range text {
			size := len(string(r))
			switch {
			case r == '\ufffd' && !strings.HasPrefix(text[i:], "\ufffd"), r < 0x20, r == 0x7f:
				want = append(want, '?')
			case 0x80 <= r && r < 0xa0:
				want = append(want, '?', '?')
			default:
				want = append(want, text[i:i+size]...)
			}
		}
		if string(b) != string(want) {
			t.Errorf("%q becomes %q; want %q", text, b, want)
		}
	})
}
