package e2e

import (
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxString is MAX_ARG_STRLEN of execve(2), the final NUL included.
const maxString = 128 << 10

var argumentStates = []startState{
	{name: "as sshd runs a command", args: []string{"-c", "echo 'a  b' \"$HOME\""},
		shows: []string{"argc: 3", `argument 2: echo 'a  b' "$HOME"`}},
	{name: "no arguments", shows: []string{"argc: 1", "argument 0: probe"}, shellOnly: true},
	{name: "login shell", argv0: "-tmpshell", shows: []string{"argument 0: -probe"}, shellOnly: true},
	{name: "called by a path", argv0: "/usr/bin/tmpshell", args: []string{"x"},
		shows: []string{"argument 0: /usr/local/bin/probe"}, shellOnly: true},
	{name: "login shell by a path", argv0: "-/usr/bin/tmpshell", args: []string{"x"},
		shows: []string{"argument 0: -/usr/local/bin/probe"}, shellOnly: true},
	{name: "argument zero empty", argv0: emptyArgv0, args: []string{"x"}, shows: []string{"argc: 2"}, shellOnly: true},
	{name: "argc 0", argv0: noArgv, shows: []string{"argc: 1"}, shellOnly: true},
	{name: "login shell with tmpshell's own options", argv0: "-tmpshell", args: []string{"--exec", "--version"},
		shows: []string{"argument 1: --exec"}, shellOnly: true},
	{name: "tmpshell's own options later", args: []string{"-x", "--exec", "--help", "--version"},
		shows: []string{"argument 2: --exec"}},
	{name: "10,000 arguments", args: slices.Repeat([]string{"an argument"}, 10_000), shows: []string{"argc: 10001"}},
	{name: "arguments of invalid UTF-8", args: []string{"\xff\xfe", "\xc3", "\xed\xa0\x80"},
		shows: []string{`argument 1: \xff\xfe`, `argument 3: \xed\xa0\x80`}},
	{name: "empty arguments and newlines", args: []string{"", "", "a\nb", "\t", ""},
		shows: []string{"argc: 6", "argument 1: ", `argument 3: a\x0ab`}},
	{name: "an argument of the greatest length", args: []string{strings.Repeat("x", maxString-1)},
		shows: []string{"argument 1: " + strings.Repeat("x", maxString-1)}},
	{name: "a megabyte of arguments", args: slices.Repeat([]string{strings.Repeat("y", 1<<16-1)}, 16), shows: []string{"argc: 17"}},
	{name: "options and dashes", args: []string{"-l", "-i", "--", "-", "--login", "-c"}, shows: []string{"argument 4: -"}},
}

var environmentStates = append(runtimeSettings(), []startState{
	{name: "no environment", bare: true, shows: []string{"entries of the environment: 0"}},
	{name: "variables twice and more", env: []string{"A=1", "B=2", "A=3", "A=1", "HOME=/other", "B=2"},
		shows: []string{"environment: A=3", "entries of the environment: 12"}},
	{name: "entries without =", env: []string{"novalue", "TMPDIR", "SHELL", "PATH"},
		shows: []string{"environment: novalue", "environment: TMPDIR"}},
	{name: "empty entries", env: []string{"", "A=1", "", ""}, shows: []string{"environment: ", "entries of the environment: 10"}},
	{name: "entries without a name", env: []string{"=x", "=", "==", "=TMPDIR=/x"}, shows: []string{"environment: =TMPDIR=/x"}},
	{name: "invalid UTF-8", env: []string{"A=\xff\xfe", "\xc3=1", "N=a\nb"}, shows: []string{`environment: A=\xff\xfe`, `environment: \xc3=1`}},
	{name: "names that begin like section 6's", env: []string{"TMPDIRS=/x", "TMP_=/x", "tmpdir=/x", "SHELLS=x", "XDG_RUNTIME_DIR_=/x"},
		shows: []string{"environment: TMPDIRS=/x", "environment: tmpdir=/x"}},
	{name: "settings of the Go runtime", env: []string{"GODEBUG=inittrace=1,schedtrace=1", "GOMEMLIMIT=garbage", "GOMAXPROCS=100000",
		"GOGC=1", "GOTRACEBACK=crash", "GOCOVERDIR=/none", "GOTRACEBACK=none"},
		shows: []string{"environment: GOMEMLIMIT=garbage", "environment: GOTRACEBACK=crash", "environment: GOTRACEBACK=none"}},
	{name: "settings of the dynamic loader", env: []string{"LD_PRELOAD=/none.so", "LD_LIBRARY_PATH=.", "GLIBC_TUNABLES=x", "LD_AUDIT="},
		shows: []string{"environment: LD_PRELOAD=/none.so"}},
	{name: "functions of bash", env: []string{"BASH_FUNC_f%%=() { :; }", "BASH_ENV=/none", "ENV=/none"},
		shows: []string{"environment: BASH_FUNC_f%%=() { :; }"}},
	{name: "variables of section 6, twice", env: []string{"TMPDIR=/none", "TMP=/none", "TMPDIR=/other", "XDG_RUNTIME_DIR=relative", "LAST=1"},
		shows: []string{"environment: TMPDIR=/other", "environment: LAST=1"}},
	{name: "5,000 variables", env: slices.Repeat([]string{"VARIABLE=value"}, 5000), shows: []string{"entries of the environment: 5006"}},
	{name: "a variable of the greatest length", env: []string{"A=" + strings.Repeat("x", maxString-3)},
		shows: []string{"environment: A=" + strings.Repeat("x", maxString-3)}},
	{name: "2 MiB of variables", steps: []string{limit(unix.RLIMIT_STACK, 16*mega, infinity), "grow=32:65536"}, shows: []string{"entries of the environment: 38"},
		unconfigured: true}, // the kernel reduces the soft limit for the session program
	{name: "almost 2 MiB of variables", steps: []string{limit(unix.RLIMIT_STACK, 8*mega, infinity), "grow=31:65536"}, shows: []string{"entries of the environment: 37"}},
	{name: "an SSH_ORIGINAL_COMMAND without a connection", env: []string{"SSH_ORIGINAL_COMMAND=false"}, args: []string{"x"},
		shows: []string{"environment: SSH_ORIGINAL_COMMAND=false"}},
}...)

// runtimeSettings are what the Go runtime obeys, or complains of.
func runtimeSettings() []startState {
	var list []startState
	for _, entry := range []string{
		"GODEBUG=inittrace=1,gctrace=1,schedtrace=1", "GODEBUG=garbage", "GOGC=1", "GOGC=garbage",
		"GOMAXPROCS=1", "GOMAXPROCS=-1", "GOMAXPROCS=100000", "GOMAXPROCS=garbage",
		"GOMEMLIMIT=1", "GOMEMLIMIT=off", "GOMEMLIMIT=garbage",
		"GOTRACEBACK=crash", "GOTRACEBACK=garbage", "GOCOVERDIR=/none", "GOCOVERDIR=",
	} {
		list = append(list, startState{name: entry, env: []string{entry}, shows: []string{"environment: " + entry}})
	}
	return list
}
