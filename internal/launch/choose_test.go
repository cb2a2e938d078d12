package launch

import (
	"os"
	"strings"
	"testing"
)

// shellsIn makes shells of all kinds in a directory: good, missing, and broken in
// every way. Each tells how it was called.
func shellsIn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	const script = "#!/bin/sh\nprintf '%s|' script \"$0\" \"$SHELL\" \"$@\"\n"
	for name, file := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"good/zsh": {script, 0o755}, "good/rbash": {script, 0o755}, "good/opt": {script, 0o755}, "good/tmpshell": {script, 0o755},
		"noexec/zsh": {script, 0o644}, "noexec/git-shell": {script, 0o644},
		"broken/zsh": {"#!/nowhere/sh\n", 0o755}, "broken/rbash": {"#!/nowhere/sh\n", 0o755},
		"noformat/zsh": {"printf '%s|' plain \"$0\" \"$@\"\n", 0o755},
		"foreign/zsh":  {foreign, 0o755}, "foreign/rbash": {foreign, 0o755}, "cut/zsh": {"", 0o755},
		"file": {"", 0o644}, "isdir/zsh/x": {"", 0o644},
	} {
		path := dir + "/" + name
		if err := os.MkdirAll(path[:strings.LastIndex(path, "/")], 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file.text), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/itself", 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"self": self, "itself/rbash": self, "good/link": "zsh", "loop": "loop", "good/sh": "/bin/dash"} {
		if err := os.Symlink(target, dir+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The order of candidates, and what stands in for which.
func TestChoice(t *testing.T) {
	dir := shellsIn(t)
	const (
		bash     = "real /bin/bash"
		sh       = "real /bin/sh"
		notFound = "tmpshell: cannot run %: no such file or directory\n"
		denied   = "tmpshell: cannot run %: permission denied\n"
		noFormat = "tmpshell: cannot run %: exec format error\n"
	)
	say := func(format, path string) string { return strings.ReplaceAll(format, "%", path) }
	for _, c := range []struct {
		name                    string
		called                  string // argv[0], "tmpshell" where it is empty
		conf, passwd            string
		shells                  string // space-separated
		want                    string // T/ is the directory
		code                    int
		big, unreadable, demand bool
	}{
		{name: "nothing known", want: sh},
		{name: "bash is listed", shells: "/bin/sh /bin/bash", want: bash},
		{name: "another bash is listed", shells: "/usr/bin/bash", want: sh},
		{name: "passwd", passwd: "T/good/zsh", shells: "/bin/bash", want: "script|T/good/zsh|T/good/zsh|-c|CMD|"},
		{name: "passwd, not listed", passwd: "T/good/opt", want: "script|T/good/opt|T/good/opt|-c|CMD|"},
		{name: "passwd, a link", passwd: "T/good/link", want: "script|T/good/link|T/good/link|-c|CMD|"},
		{name: "passwd, without a format", passwd: "T/noformat/zsh", want: "plain|T/noformat/zsh|-c|CMD|"},
		{name: "passwd, for another processor", passwd: "T/foreign/zsh", shells: "/bin/bash", want: say(noFormat, "T/foreign/zsh") + bash},
		{name: "passwd, empty", passwd: "T/cut/zsh", shells: "/bin/bash", want: say(noFormat, "T/cut/zsh") + bash},
		{name: "restricted, for another processor", passwd: "T/foreign/rbash", shells: "/bin/bash", want: strings.TrimSpace(say(noFormat, "T/foreign/rbash")), code: 126},
		{name: "passwd, relative", passwd: "zsh", shells: "/bin/bash", want: bash},
		{name: "passwd, tmpshell", passwd: "/usr/bin/tmpshell", shells: "/bin/bash", want: bash},
		{name: "passwd, tmpshell by inode", passwd: "T/self", shells: "/bin/bash", want: bash},
		{name: "passwd, a link of tmpshell's", passwd: "/usr/bin/tmpshell-zsh", shells: "T/good/zsh /bin/bash",
			want: "script|T/good/zsh|T/good/zsh|-c|CMD|"},
		{name: "passwd, a link to nothing", passwd: "/usr/bin/tmpshell-zsh", shells: "/bin/bash", code: 127,
			want: "tmpshell: tmpshell-zsh names a shell that is not in /etc/shells"},

		// What everybody knows not to restrict may be stood in for, where it
		// is not there or no program.
		{name: "missing", passwd: "T/none/zsh", shells: "/bin/bash", want: say(notFound, "T/none/zsh") + bash},
		{name: "missing, without bash", passwd: "T/none/zsh", want: say(notFound, "T/none/zsh") + sh},
		{name: "not executable", passwd: "T/noexec/zsh", shells: "/bin/bash", want: say(denied, "T/noexec/zsh") + bash},
		{name: "without its interpreter", passwd: "T/broken/zsh", shells: "/bin/bash", want: say(notFound, "T/broken/zsh") + bash},
		{name: "a directory", passwd: "T/isdir/zsh", shells: "/bin/bash", want: say(denied, "T/isdir/zsh") + bash},
		{name: "below a file", passwd: "T/file/zsh", shells: "/bin/bash", want: "tmpshell: cannot run T/file/zsh: not a directory\n" + bash},
		{name: "below a loop", passwd: "T/loop/zsh", shells: "/bin/bash", want: "tmpshell: cannot run T/loop/zsh: too many levels of symbolic links\n" + bash},

		// One that may restrict is not.
		{name: "restricted, missing", passwd: "T/none/rbash", shells: "/bin/bash", want: strings.TrimSpace(say(notFound, "T/none/rbash")), code: 127},
		{name: "restricted, no interpreter", passwd: "T/broken/rbash", shells: "/bin/bash", want: strings.TrimSpace(say(notFound, "T/broken/rbash")), code: 127},
		{name: "restricted, not executable", passwd: "T/noexec/git-shell", shells: "/bin/bash", want: strings.TrimSpace(say(denied, "T/noexec/git-shell")), code: 126},
		{name: "restricted by the configuration", conf: "T/none/rbash", passwd: "T/good/zsh", want: strings.TrimSpace(say(notFound, "T/none/rbash")), code: 127},
		{name: "restricted by a link", called: "tmpshell-rbash", passwd: "T/good/zsh", shells: "T/none/rbash /bin/bash",
			want: strings.TrimSpace(say(notFound, "T/none/rbash")), code: 127},
		{name: "restricted by a link, the second", called: "tmpshell-rbash", shells: "T/none/rbash /bin/bash T/good/rbash",
			want: say(notFound, "T/none/rbash") + "script|T/good/rbash|T/good/rbash|-c|CMD|"},
		{name: "restricted by a link, none is there", called: "tmpshell-rbash", passwd: "T/good/zsh", shells: "T/none/rbash T/broken/rbash /bin/bash",
			want: say(notFound, "T/none/rbash") + strings.TrimSpace(say(notFound, "T/broken/rbash")), code: 127},
		{name: "restricted by a link, tmpshell itself", called: "tmpshell-rbash", passwd: "T/good/zsh", shells: "T/itself/rbash /bin/bash",
			want: "tmpshell: tmpshell-rbash names tmpshell itself by /etc/shells", code: 127},
		{name: "too large, restricted by a link", called: "tmpshell-rbash", shells: "T/good/rbash T/good/other/rbash /bin/bash", big: true, code: 126,
			want: "tmpshell: cannot run T/good/rbash: argument list too long"},
		{name: "nologin, missing", passwd: "T/none/nologin", shells: "/bin/bash", want: strings.TrimSpace(say(notFound, "T/none/nologin")), code: 127},

		// What the caller can bring about leads to nothing else.
		{name: "too large", passwd: "T/good/zsh", shells: "/bin/bash", big: true, code: 126,
			want: "tmpshell: cannot run T/good/zsh: argument list too long"},
		{name: "too large, restricted", passwd: "T/good/rbash", shells: "/bin/bash", big: true, code: 126,
			want: "tmpshell: cannot run T/good/rbash: argument list too long"},
		{name: "too large, by a link", called: "tmpshell-zsh", shells: "T/good/zsh T/good/other/zsh /bin/bash", big: true, code: 126,
			want: "tmpshell: cannot run T/good/zsh: argument list too long"},

		{name: "configuration", conf: "T/good/rbash", passwd: "T/good/zsh", called: "tmpshell-opt", shells: "T/good/opt",
			want: "script|T/good/rbash|T/good/rbash|-c|CMD|"},
		{name: "configuration, missing", conf: "T/none/zsh", passwd: "T/good/zsh", want: say(notFound, "T/none/zsh") + "script|T/good/zsh|T/good/zsh|-c|CMD|"},

		{name: "link", called: "tmpshell-opt", passwd: "T/good/zsh", shells: "/bin/opt/x T/good/opt", want: "script|T/good/opt|T/good/opt|-c|CMD|"},
		{name: "link, the second", called: "tmpshell-zsh", shells: "T/none/zsh T/good/zsh", want: say(notFound, "T/none/zsh") + "script|T/good/zsh|T/good/zsh|-c|CMD|"},
		{name: "link, none is there", called: "tmpshell-zsh", passwd: "T/good/rbash", shells: "T/none/zsh",
			want: say(notFound, "T/none/zsh") + "script|T/good/rbash|T/good/rbash|-c|CMD|"},
		{name: "link to nothing", called: "/usr/bin/tmpshell-nonsense", passwd: "T/good/zsh", shells: "/bin/bash", code: 127,
			want: "tmpshell: tmpshell-nonsense names a shell that is not in /etc/shells"},
		{name: "link to false", called: "tmpshell-false", passwd: "T/good/zsh", shells: "/bin/bash", code: 1},
		{name: "link, a line of comments", called: "tmpshell-zsh", shells: "#T/good/zsh", code: 127,
			want: "tmpshell: tmpshell-zsh names a shell that is not in /etc/shells"},

		// Kept from finding out.
		{name: "account not read", passwd: "-", shells: "/bin/bash", code: 125, want: "tmpshell: read /: is a directory; no session"},
		{name: "shells not read", unreadable: true, want: sh},
		{name: "shells not read, with a link", called: "tmpshell-zsh", unreadable: true, code: 125, want: "tmpshell: read /: is a directory; no session"},
		{name: "shells not read, demanded", unreadable: true, demand: true, code: 125, want: "tmpshell: read /: is a directory; no session"},
	} {
		t.Run(c.name, func(t *testing.T) {
			put := func(s string) string { return strings.ReplaceAll(s, "T/", dir+"/") }
			i := inside{
				How: "shell", Args: []string{c.called, "-c", `echo "real $SHELL"`}, Env: []string{"PATH=/usr/bin:/bin"},
				Passwd: t.TempDir() + "/passwd", Shells: t.TempDir() + "/shells", NSSwitch: "/nowhere",
				Shell: put(c.conf), Big: c.big, Deny: c.demand,
			}
			if c.called == "" {
				i.Args[0] = "tmpshell"
			}
			passwd := "root:x:0:0::/:/bin/sh\n"
			if c.passwd != "" {
				passwd += "user:x:4242:4242::/:" + put(c.passwd) + "\n"
			}
			for path, text := range map[string]string{i.Passwd: passwd, i.Shells: strings.ReplaceAll(put(c.shells), " ", "\n") + "\n"} {
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if c.passwd == "-" {
				i.Passwd = "/"
			}
			if c.unreadable {
				i.Shells = "/"
			}
			got, code := i.start(t, "/")
			want := strings.ReplaceAll(put(c.want), "CMD", i.Args[2])
			if got != want || code != c.code {
				t.Errorf("%d, %q; want %d, %q", code, got, c.code, want)
			}
		})
	}
}

// TestChoiceWithoutRoom: the client can fill the room for strings to the byte where
// SetEnv has a variable of theirs in it. The shell is the account's all the same, with
// its name and its arguments.
func TestChoiceWithoutRoom(t *testing.T) {
	dir := shellsIn(t)
	passwd, shells, rbash := dir+"/passwd", dir+"/shells", dir+"/good/rbash"
	for path, text := range map[string]string{passwd: "user:x:4242:4242::/:" + rbash + "\n", shells: "/bin/bash\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for left := range 4 * len(rbash) {
		i := inside{How: "shell", Args: []string{"tmpshell", "-c", "echo free"}, Env: []string{"PATH=/usr/bin:/bin"},
			Passwd: passwd, Shells: shells, NSSwitch: "/nowhere", Used: arenaSize - left}
		if got, code := i.start(t, "/"); got != "script|"+rbash+"|"+rbash+"|-c|echo free|" || code != 0 {
			t.Errorf("with %d bytes of room left: %d, %q; want %s", left, code, got, rbash)
		}
	}
}

// ForceCommand: the shell gets the client's command, and judges internal-sftp.
func TestForced(t *testing.T) {
	dir := shellsIn(t)
	passwd := dir + "/passwd"
	if err := os.WriteFile(passwd, []byte("user:x:4242:4242::/:"+dir+"/good/rbash\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	shell := dir + "/good/rbash"
	server := "/usr/lib/openssh/sftp-server"
	for command, want := range map[string]string{
		"-":                        "",
		"":                         "",
		"id -u":                    "-c|id -u|",
		"internal-sftp":            "-c|" + server + "|",
		"internal-sftp -l INFO  x": "-c|" + server + " -l INFO  x|",
		"internal-sftp;id":         "-c|internal-sftp;id|",
		"--exec id":                "-c|--exec id|",
	} {
		i := inside{How: "shell", Args: []string{"tmpshell"}, Env: []string{"PATH=/usr/bin:/bin", "SSH_CONNECTION=1"}, Passwd: passwd, Shells: "/nowhere", NSSwitch: "/nowhere"}
		if command != "-" {
			i.Env = append(i.Env, "SSH_ORIGINAL_COMMAND="+command)
		}
		if got, code := i.start(t, "/"); got != "script|"+shell+"|"+shell+"|"+want || code != 0 {
			t.Errorf("%q: %d, %q; want %q", command, code, got, want)
		}
	}
	// The variable is gone, whatever was in it.
	i := inside{How: "shell", Args: []string{"tmpshell"}, Env: []string{"SSH_CONNECTION=1", "SSH_ORIGINAL_COMMAND=/bin/cat /proc/self/environ"},
		Passwd: "/nowhere", Shells: "/nowhere", NSSwitch: "/nowhere"}
	if got, code := i.start(t, "/"); strings.Contains(got, "SSH_ORIGINAL_COMMAND") || !strings.Contains(got, "SSH_CONNECTION=1") || code != 0 {
		t.Errorf("the environment is %q, %d", got, code)
	}
}
