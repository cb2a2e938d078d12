package accounts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// put makes a text what one of the files of this package holds, until the test
// ends. It is in memory.
func put(t *testing.T, file *string, text string) {
	t.Helper()
	fd, err := unix.MemfdCreate("text", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	before := *file
	t.Cleanup(func() { *file = before; unix.Close(fd) })
	for left := []byte(text); len(left) > 0; {
		n, err := unix.Write(fd, left)
		if err != nil {
			t.Fatal(err)
		}
		left = left[n:]
	}
	*file = "/proc/self/fd/" + strconv.Itoa(fd)
}

// account is an Account whose strings last.
func account(a Account) Account {
	a.Name, a.Home, a.Shell = strings.Clone(a.Name), strings.Clone(a.Home), strings.Clone(a.Shell)
	return a
}

func TestByUID(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	alice := Account{Name: "alice", UID: 1000, GID: 100, Home: "/home/alice", Shell: "/bin/zsh"}
	const line = "alice:x:1000:100:Alice,,,:/home/alice:/bin/zsh"
	for _, c := range []struct {
		name, text string
		want       Account // the zero value: none
	}{
		{"plain", line + "\n", alice},
		{"no final newline", "root:x:0:0::/root:/bin/sh\n" + line, alice},
		{"the first counts", line + "\nalias:x:1000:1::/:/bin/sh\n", alice},
		{"among others", "\n\n#" + line + "\n+::::::\n-bob\n:x:1000:1::/:\n" + line + "\n", alice},
		{"leading zeros", "alice:x:0001000:0100:Alice:/home/alice:/bin/zsh", alice},
		{"too few fields", "alice:x:1000:100:Alice:/home/alice\n", Account{}},
		{"too many fields", line + ":\n", Account{}},
		{"no gid", "alice:x:1000::Alice:/home/alice:/bin/zsh\n", Account{}},
		{"negative uid", "alice:x:-1000:100:Alice:/home/alice:/bin/zsh\n", Account{}},
		{"gid of nobody at all", "alice:x:1000:4294967295:Alice:/home/alice:/bin/zsh\n", Account{}},
		{"blank before the uid", "alice:x: 1000:100:Alice:/home/alice:/bin/zsh\n", Account{}},
		{"no shell", "alice:x:1000:100::/:\n", Account{Name: "alice", UID: 1000, GID: 100, Home: "/"}},
		{"NUL byte", "alice:x:1000:100:\x00:/\x00:/bin/\x00\n", Account{Name: "alice", UID: 1000, GID: 100, Home: "/\x00", Shell: "/bin/\x00"}},
		{"carriage return", line + "\r\n", Account{Name: "alice", UID: 1000, GID: 100, Home: "/home/alice", Shell: "/bin/zsh\r"}},
		{"a line that does not fit", "alice:x:1000:100:" + long + ":/:/bin/sh\n" + line, alice},
		{"a line that does not fit, cut where it still has all fields", "alice:x:1000:100::/:/bin/" + long + "\n", Account{}},
		{"a line that just fits", "alice:x:1000:100::/:/" + long[len("alice:x:1000:100::/:/"):] + "\n",
			Account{Name: "alice", UID: 1000, GID: 100, Home: "/", Shell: "/" + long[len("alice:x:1000:100::/:/"):]}},
		{"after a buffer of comments", "#" + strings.Repeat(long, 9) + "\n" + line, alice},
		{"nothing", "", Account{}},
	} {
		put(t, &Passwd, c.text)
		var a Account
		found, trouble := ByUID(1000, &a)
		if !trouble.OK() || found != (c.want != Account{}) || found && account(a) != c.want {
			t.Errorf("%s: %v, %+.300v, %v; want %+.300v", c.name, found, a, trouble.Err(), c.want)
		}
	}
}

// A file that is not there has no entries; one that cannot be read is trouble,
// and never "there is none".
func TestCannotRead(t *testing.T) {
	for _, file := range []*string{&Passwd, &Group, &Shells, &NSSwitch} {
		before := *file
		t.Cleanup(func() { *file = before })
	}
	ask := map[string]func() (bool, bare.Trouble){
		"ByUID": func() (bool, bare.Trouble) { var a Account; return ByUID(0, &a) },
		"EachGroup": func() (bool, bare.Trouble) {
			n := 0
			t := EachGroup(func(string, uint32) bool { n++; return true })
			return n > 0, t
		},
		"EachShell": func() (bool, bare.Trouble) {
			n := 0
			t := EachShell(func(string) bool { n++; return true })
			return n > 0, t
		},
		"ReachOf": func() (bool, bare.Trouble) {
			reach, t := ReachOf(NSSwitch, "passwd")
			if !t.OK() && reach != Far {
				return true, t
			}
			return t.OK() && reach != Files, t
		},
	}
	for name, f := range ask {
		Passwd, Group, Shells, NSSwitch = "/nowhere/passwd", "/nowhere/group", "/nowhere/shells", "/nowhere/nsswitch.conf"
		if found, trouble := f(); found || !trouble.OK() {
			t.Errorf("%s without a file: %v, %v; want none", name, found, trouble.Err())
		}
		Passwd, Group, Shells, NSSwitch = "/", "/", "/", "/" // read(2): EISDIR
		if found, trouble := f(); found || trouble.Kind() != bare.Kept || !strings.Contains(trouble.Err().Error(), "read /: is a directory") {
			t.Errorf("%s of a directory: %v, %v; want trouble", name, found, trouble.Err())
		}
		Passwd, Group, Shells, NSSwitch = "/etc/passwd/x", "/etc/passwd/x", "/etc/passwd/x", "/etc/passwd/x"
		if found, trouble := f(); found || trouble.OK() {
			t.Errorf("%s below a file: %v, %v; want trouble", name, found, trouble.Err())
		}
		Passwd, Group, Shells, NSSwitch = "/etc/passwd", "/etc/group", "/etc/shells", "/etc/nsswitch.conf"
		var trouble bare.Trouble
		var found bool
		without(t, func() { found, trouble = f() })
		if found || trouble.Kind() != bare.Kept || trouble.Errno != bare.Errno(unix.EMFILE) {
			t.Errorf("%s without a descriptor: %v, %v; want %v", name, found, trouble.Err(), unix.EMFILE)
		}
		if _, trouble = f(); !trouble.OK() {
			t.Errorf("%s afterwards: %v", name, trouble.Err())
		}
	}
}

// without runs f where no descriptor can be had.
func without(t *testing.T, f func()) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	f()
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
}

type group struct {
	name string
	gid  uint32
}

func groups(t *testing.T) []group {
	t.Helper()
	var all []group
	if trouble := EachGroup(func(name string, gid uint32) bool { all = append(all, group{strings.Clone(name), gid}); return true }); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	return all
}

// A group has as many members as it likes: what follows is found.
func TestManyMembers(t *testing.T) {
	var text strings.Builder
	text.WriteString("root:x:0:\neverybody:x:5000:")
	for i := range 80_000 {
		fmt.Fprintf(&text, "user%d,", i)
	}
	text.WriteString("last\nwheel:x:10:alice\nodd\nno:gid:x:\nx:x:1\ny:x:2:a:b\n#c:x:3:\nend:x:4294967294:")
	put(t, &Group, text.String())
	want := []group{{"root", 0}, {"everybody", 5000}, {"wheel", 10}, {"x", 1}, {"y", 2}, {"end", 1<<32 - 2}}
	got := groups(t)
	// Of a line without members, split wants no more than three fields.
	if !slices.Equal(got, want) {
		t.Errorf("groups %v; want %v", got, want)
	}
	n := 0
	if trouble := EachGroup(func(string, uint32) bool { n++; return n < 2 }); !trouble.OK() || n != 2 {
		t.Errorf("it goes on after %d groups, %v", n, trouble.Err())
	}
}

func TestEachShell(t *testing.T) {
	long := "/" + strings.Repeat("x", maxLine)
	put(t, &Shells, "# comment\n/bin/sh\n\n  /bin/bash  # a comment\n\t/bin/zsh\t\r\nrelative\n"+long+"\n/bin/#x\n"+long[:maxLine]+"\n/bin/last")
	var got []string
	if trouble := EachShell(func(path string) bool { got = append(got, strings.Clone(path)); return true }); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	want := []string{"/bin/sh", "/bin/bash", "/bin/zsh", "/bin/", long[:maxLine], "/bin/last"}
	if !slices.Equal(got, want) {
		t.Errorf("shells %.200q; want %.200q", got, want)
	}
}

func TestReachOf(t *testing.T) {
	for text, want := range map[string]Reach{
		"": Files, "group: files nis\n": Files, "passwd: files\n": Files, "passwd: files # ldap\n": Files,
		"passwd:\tfiles\n": Files, "passwd : files files\n": Files, "passwd:files\n": Files, "  passwd:   files   ": Files, "passwd:\n": Files,
		"#passwd: ldap\n": Files, "passwd: files [!UNAVAIL=return SUCCESS=continue]\r\n": Files,
		"passwd: db files\n": Local, "passwd: files[NOTFOUND=return]db\n": Local, "passwd: db\npasswd: files\n": Local,
		"passwd: files systemd\n": Far, "passwd: files ldap": Far, "passwd:\tfiles\tsss\n": Far, "passwd: compat\n": Far,
		"passwd: files [NOTFOUND=return] ldap\n": Far, "passwd: ldap\npasswd: files\n": Far, "passwd: db sss db\n": Far, "passwd: FILES\n": Far,
		"passwd: files" + strings.Repeat(" ", maxLine) + " ldap\n": Far,
	} {
		put(t, &NSSwitch, text)
		if reach, trouble := ReachOf(NSSwitch, "passwd"); !trouble.OK() || reach != want {
			t.Errorf("%q: %v, %v; want %v", text, reach, trouble.Err(), want)
		}
	}
}

// Lines that end before, at and behind what is kept of a line and read at once.
func TestLines(t *testing.T) {
	lengths := []int{0, 1, 7, 8, 9, maxLine - 1, maxLine, maxLine + 1, 2*maxLine - 1, 2 * maxLine, 2*maxLine + 1, 5 * maxLine}
	for _, first := range lengths {
		for _, second := range lengths {
			want := []string{strings.Repeat("a", first), strings.Repeat("b", second), "alice", strings.Repeat("c", first), strings.Repeat("d", second)}
			text := strings.Join(want, "\n") // the last line has no newline
			if second == 0 {
				want = want[:4]
			}
			put(t, &Passwd, text)
			i := 0
			trouble := each(Passwd, func(got string) bool {
				if i == len(want) {
					t.Errorf("%d, %d: one line more of %d bytes", first, second, len(got))
					return false
				}
				w := want[i]
				if cut := len(w) > maxLine; lines.Cut != cut || !cut && got != w || !strings.HasPrefix(w, got) {
					t.Errorf("%d, %d: line %d has %d bytes, cut %v; want %d", first, second, i, len(got), lines.Cut, len(w))
				}
				i++
				return true
			})
			if !trouble.OK() || i != len(want) {
				t.Errorf("%d, %d: %d lines, %v; want %d", first, second, i, trouble, len(want))
			}
		}
	}
}
