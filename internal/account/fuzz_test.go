package account

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// inMemory gives a text a path. A fuzzing engine would spend its time on files
// otherwise.
func inMemory(t *testing.T, text string) string {
	t.Helper()
	fd, err := unix.MemfdCreate("text", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	for left := []byte(text); len(left) > 0; {
		n, err := unix.Write(fd, left)
		if err != nil {
			t.Fatal(err)
		}
		left = left[n:]
	}
	return "/proc/self/fd/" + strconv.Itoa(fd)
}

// short leaves out the long lines: an engine that shortens what it has found
// does nothing else for minutes.
func short(text string) string {
	lines := strings.Split(text, "\n")
	return strings.Join(slices.DeleteFunc(lines, func(l string) bool { return len(l) > 60 }), "\n")
}

// entries are the lines of a passwd or group file that are entries, by the
// letter of the manual pages.
func entries(text string, n int) [][]string {
	var list [][]string
	for _, line := range strings.Split(text, "\n") {
		f := strings.Split(line, ":")
		if line == "" || strings.ContainsRune("#+-:", rune(line[0])) || len(f) != n || !isID(f[2]) {
			continue
		}
		list = append(list, f)
	}
	return list
}

func isID(s string) bool {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return false
	}
	s = strings.TrimLeft(s, "0")
	return len(s) < 10 || len(s) == 10 && s < "4294967295"
}

func id(s string) uint32 {
	n, _ := strconv.ParseUint(s, 10, 32)
	return uint32(n)
}

// FuzzPasswd: of all entries the first that fits is found, in a file or in what
// getent(1) prints, whatever stands around it.
func FuzzPasswd(f *testing.F) {
	f.Add(short(passwd), uint32(1000), "alice", uint16(0))
	f.Add("a:x:1:1::/:/bin/sh\nb:x:1:1::/:/bin/sh", uint32(1), "b", uint16(16380))
	f.Add("a:x:01:4294967295::/:\n\na:x:4294967294:0::/:\r\n\x00:::1:1:::", uint32(1<<32-2), "a", uint16(3))
	f.Fuzz(func(t *testing.T, text string, uid uint32, name string, stretch uint16) {
		// Lines that do not fit into the first buffer.
		if stretch > 0 {
			text = "#" + strings.Repeat("y", int(stretch)) + "\n" + text
		}
		var all []Account
		for _, f := range entries(text, 7) {
			if isID(f[3]) {
				all = append(all, Account{f[0], id(f[2]), id(f[3]), f[5], f[6]})
			}
		}
		file := &Source{Passwd: inMemory(t, text)}
		var got []Account
		if err := file.Each(func(a Account) bool { got = append(got, a); return true }); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, got); diff != "" {
			t.Errorf("Each (-want +got):\n%s", diff)
		}
		service := &Source{Getent: func(string, ...string) ([]byte, error) { return []byte(text), nil }}
		for from, source := range map[string]*Source{"the file": file, "getent": service} {
			check := func(what string, got Account, err error, fits func(Account) bool) {
				i := slices.IndexFunc(all, fits)
				switch {
				case i < 0 && (err != ErrNotFound || got != Account{}):
					t.Errorf("%s in %s = %+v, %v; want none", what, from, got, err)
				case i >= 0 && (err != nil || got != all[i]):
					t.Errorf("%s in %s = %+v, %v; want %+v", what, from, got, err, all[i])
				}
			}
			a, err := source.ByUID(uid)
			check("ByUID", a, err, func(a Account) bool { return a.UID == uid })
			a, err = source.ByName(name)
			check("ByName", a, err, func(a Account) bool { return a.Name == name })
		}
	})
}

// FuzzGroup: a user is in their own group and in each that lists them, and in no
// other.
func FuzzGroup(f *testing.F) {
	f.Add(short(group), "alice", uint32(1000))
	f.Add("a:x:1:b,,c,\nb:x:1:c\n,:x:2:,\nd::3:b", "b", uint32(1))
	f.Fuzz(func(t *testing.T, text, user string, gid uint32) {
		ids := []uint32{gid}
		for _, f := range entries(text, 4) {
			g := id(f[2])
			if slices.Contains(strings.Split(f[3], ","), user) && !slices.Contains(ids, g) {
				ids = append(ids, g)
			}
		}
		source := &Source{Group: inMemory(t, text)}
		got, err := source.GroupsOf(Account{Name: user, GID: gid})
		if diff := cmp.Diff(ids, got); diff != "" || err != nil {
			t.Errorf("GroupsOf(%q) of %q: %v (-want +got):\n%s", user, text, err, diff)
		}
	})
}

// FuzzShells: each line that is an absolute path, without its comment, and
// nothing else.
func FuzzShells(f *testing.F) {
	for _, s := range []string{"", "# a\n/bin/sh\n", " /bin/sh # b\n\t/opt/my shell\r\nbash\n#/x", "/\n//\x00\n/a#b#c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var want []string
		for _, line := range strings.Split(text, "\n") {
			if i := strings.IndexByte(line, '#'); i >= 0 {
				line = line[:i]
			}
			if line = strings.TrimSpace(line); line != "" && line[0] == '/' {
				want = append(want, line)
			}
		}
		got := Shells(inMemory(t, text))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Shells of %q (-want +got):\n%s", text, diff)
		}
		for _, s := range got {
			name := s[strings.LastIndexByte(s, '/')+1:]
			if name != "" && !slices.Contains(ShellsNamed(got, name), s) {
				t.Errorf("ShellsNamed(%q) of %q lacks %q", name, got, s)
			}
		}
	})
}
