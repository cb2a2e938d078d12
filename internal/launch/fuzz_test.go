package launch

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tmpshell/internal/config"
	"tmpshell/internal/dirs"
	"tmpshell/internal/sys"
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
		argv, env := vector(args), Environment(vector(variables))
		inv, err := ParseInvocation(argv, env)
		if !slices.Equal(argv, vector(args)) || !slices.Equal(env, vector(variables)) {
			t.Fatalf("ParseInvocation(%q, %q) changes what it was given", argv, env)
		}
		want, own := expected(argv, env)
		if own {
			checkExec(t, argv, inv, err)
		} else if diff := cmp.Diff(want, inv, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("ParseInvocation(%q, %q) = %v (-want +got):\n%s", argv, env, err, diff)
		}
		const shell = "/opt/bin/zsh"
		if argv0 := inv.Argv0(shell); strings.HasPrefix(argv0, "-") != inv.Login ||
			strings.TrimPrefix(argv0, "-") != shell && strings.TrimPrefix(argv0, "-") != path.Base(shell) {
			t.Errorf("Argv0 of %q is %q; want a shell, with '-' for a login shell alone", argv, argv0)
		}
		if name := inv.ShellName(); strings.Contains(name, "/") || name != "" && !strings.Contains(argv[0], "tmpshell-"+name) {
			t.Errorf("ShellName of %q is %q", argv, name)
		}
	})
}

// expected goes by the table in tmpshell(8); own: --exec, which has errors.
func expected(argv []string, env Environment) (want Invocation, own bool) {
	if len(argv) > 0 {
		want.Name = strings.TrimPrefix(argv[0], "-")
		want.Login = want.Name != argv[0]
	}
	if len(argv) > 1 {
		want.Args = argv[1:]
		name, link := strings.CutPrefix(path.Base(want.Name), "tmpshell-")
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
	under, command, given, shell := false, "", false, ""
	for _, e := range env {
		if s, ok := strings.CutPrefix(e, "SHELL="); ok {
			shell = path.Base(s)
		}
		under = under || strings.HasPrefix(e, "SSH_CONNECTION=")
		if c, ok := strings.CutPrefix(e, "SSH_ORIGINAL_COMMAND="); ok {
			command, given = c, true
		}
	}
	if want.Login || !under || shell == "tmpshell" || strings.HasPrefix(shell, "tmpshell-") {
		return want, false
	}
	want.Mode = Forced
	switch {
	case !given:
		want.Login = true
	case command == "internal-sftp" || strings.HasPrefix(command, "internal-sftp "):
		want.Mode = Subsystem
		want.Args = strings.FieldsFunc(command, func(c rune) bool { return c == ' ' })[1:]
	default:
		want.Args = []string{"-c", command}
	}
	return want, false
}

// checkExec: the program is the caller's, with the caller's arguments; an option
// that is not known is an error and no program.
func checkExec(t *testing.T, argv []string, inv Invocation, err error) {
	t.Helper()
	rest := argv[2:]
	bare := len(rest) > 0 && !strings.HasPrefix(rest[0], "-")
	if len(rest) > 1 && rest[0] == "--" {
		rest, bare = rest[1:], true
	}
	if bare != (err == nil) || err == nil && (inv.Mode != Program || !slices.Equal(inv.Args, rest)) {
		t.Errorf("ParseInvocation(%q) = %+v, %v; want the program %q", argv, inv, err, rest)
	}
}

// nowhere has directories that cannot be had.
var nowhere = config.Policy{
	Directories: []config.Directory{
		{Path: "/tmp", Method: config.Off},
		{Path: "/nowhere/at/all", Method: config.Env, Variables: []string{"TMPDIR", "CACHE"}},
	},
	RuntimeDirectory: true,
	SetEnv:           []config.Setting{{Name: "SET", Value: "${TMPDIR}:${A}:$${B}"}, {Name: "CACHE", Value: "${SET}"}},
}

// FuzzEnvironment: of any environment, duplicates and garbage included, exactly
// what the policy is about changes, and what stays keeps its order.
func FuzzEnvironment(f *testing.F) {
	for _, s := range []string{
		"", "A=1\x00B\x00\x00=x\x00A=2",
		vectorOf("TMPDIR=/tmp/.private/1", "A=b", "TMPDIR=/x", "TMP=/tmp/.private/2", "TEMP=rel", "SET=1", "SET=2"),
		vectorOf("XDG_RUNTIME_DIR=/run/user/0", "XDG_RUNTIME_DIR=relative", "CACHE", "TMPDIR"),
		vectorOf("XDG_RUNTIME_DIR=/root", "TMPDIR=/tmp", "TEMPDIR=/tmp/.private-5.1/x"),
	} {
		f.Add(s, uint32(1000), true)
		f.Add(s, uint32(0), false)
	}
	f.Fuzz(func(t *testing.T, text string, uid uint32, exempt bool) {
		before := Environment(vector(text))
		policy := nowhere
		policy.Exempt = exempt
		after := Environment(vector(text))
		prepared := Prepare(uid, policy, after, func([]need) Reasons { return Reasons{general: "no"} }, noMounter{t})
		if !slices.Equal(before, after) {
			t.Fatalf("Prepare changes %q to %q", before, after)
		}
		Apply(&after, prepared, policy)

		touched := []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR", "CACHE"}
		if !exempt {
			touched = append(touched, "SET", runtimeVariable)
		}
		if diff := cmp.Diff(without(before, touched), without(after, touched), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("of %q, what is nobody's business changes (-want +got):\n%s", before, diff)
		}
		for _, name := range touched[:5] {
			checkInherited(t, name, uid, before, after, !exempt && (name == "TMPDIR" || name == "CACHE"))
		}
		if exempt {
			return
		}
		if value, ok := after.Get(runtimeVariable); ok && value != dirs.Runtime.Path(uid) {
			st, err := sys.StatPath(value)
			if err != nil || !strings.HasPrefix(value, "/") || st.UID != uid || st.Mode != 0o40700 {
				t.Errorf("%s=%q is kept for uid %d: %+v, %v", runtimeVariable, value, uid, st, err)
			}
		}
		a, _ := before.Get("A")
		if set, _ := after.Get("SET"); set != ":"+a+":${B}" {
			t.Errorf("SET is %q; want %q", set, ":"+a+":${B}")
		}
		if cache, _ := after.Get("CACHE"); cache != ":"+a+":${B}" {
			t.Errorf("CACHE is %q; want what SET is", cache)
		}
	})
}

// checkInherited: a variable is gone if it could not be had or names another
// user's directory, and is as it was otherwise.
func checkInherited(t *testing.T, name string, uid uint32, before, after Environment, ours bool) {
	t.Helper()
	others := before.Any(name, func(v string) bool {
		_, rest, ok := strings.Cut(v, "/.private/")
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		n, err := strconv.ParseUint(digits, 10, 32)
		clear := len(digits) == len(rest) || strings.ContainsRune("/.", rune(rest[len(digits)]))
		return ok && strings.HasPrefix(v, "/") && err == nil && clear && n < 1<<32-1 && uint32(n) != uid
	})
	_, there := after.Get(name)
	switch {
	case name == "CACHE" && ours: // SetEnv has the last word
	case there && (others || ours):
		t.Errorf("%s stays for uid %d: %q", name, uid, after)
	case there && !slices.Equal(only(before, name), only(after, name)):
		t.Errorf("%s changes from %q to %q", name, before, after)
	}
}

// without leaves out the entries of variables, only keeps those of one.
func without(env Environment, names []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		name, _, ok := strings.Cut(e, "=")
		return ok && slices.Contains(names, name)
	})
}

func only(env Environment, name string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(e string) bool { return !strings.HasPrefix(e, name+"=") })
}
