package account

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// file makes a file with this text.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestParsePasswd(t *testing.T) {
	for _, test := range []struct {
		line string
		want Account
		ok   bool
	}{
		{"root:x:0:0:root:/root:/bin/bash", Account{"root", 0, 0, "/root", "/bin/bash"}, true},
		{"a::1000:100:::", Account{Name: "a", UID: 1000, GID: 100}, true},
		{"a:x:4294967294:4294967294:::", Account{Name: "a", UID: 1<<32 - 2, GID: 1<<32 - 2}, true},
		{"a:x:01000:0100:::", Account{Name: "a", UID: 1000, GID: 100}, true},
		{"DOM\\user name:x:1:2:A, B & C:/home/user name:/bin/sh", Account{`DOM\user name`, 1, 2, "/home/user name", "/bin/sh"}, true},
		{"m\xc3\xbc\xff:x:1:2::/h:/s", Account{"m\xc3\xbc\xff", 1, 2, "/h", "/s"}, true},
		{"x-y:x:1:2:::", Account{Name: "x-y", UID: 1, GID: 2}, true},

		{"", Account{}, false},
		{"# root:x:0:0:root:/root:/bin/bash", Account{}, false},
		{"#", Account{}, false},
		{"+", Account{}, false},
		{"+::::::", Account{}, false},
		{"+@netgroup:x:0:0:::", Account{}, false},
		{"-evil:x:0:0:::", Account{}, false},
		{":x:0:0:::", Account{}, false},
		{"root", Account{}, false},
		{"root:x:0:0", Account{}, false},
		{"root:x:0:0:root:/root", Account{}, false},
		{"root:x:0:0:root:/root:/bin/sh:", Account{}, false},
		{"a:x::100:::", Account{}, false},
		{"a:x:1000::::", Account{}, false},
		{"a:x:-1:100:::", Account{}, false},
		{"a:x:+1:100:::", Account{}, false},
		{"a:x:0x0:100:::", Account{}, false},
		{"a:x: 0:100:::", Account{}, false},
		{"a:x:4294967295:100:::", Account{}, false},
		{"a:x:100:4294967295:::", Account{}, false},
		{"a:x:4294967296:100:::", Account{}, false}, // not 0
		{"a:x:18446744073709551616:100:::", Account{}, false},
		{"a:x:1_0:100:::", Account{}, false},
	} {
		if got, ok := ParsePasswd([]byte(test.line)); got != test.want || ok != test.ok {
			t.Errorf("ParsePasswd(%q) = %+v, %v; want %+v, %v", test.line, got, ok, test.want, test.ok)
		}
	}
}

func TestParseID(t *testing.T) {
	for s, want := range map[string]uint32{"0": 0, "1000": 1000, "007": 7, "4294967294": 1<<32 - 2} {
		if got, ok := ParseID(s); !ok || got != want {
			t.Errorf("ParseID(%q) = %d, %v; want %d", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "-0", "-1", "+1", "4294967295", "4294967296", "1e3", "0x1", "1 ", "a"} {
		if got, ok := ParseID(s); ok {
			t.Errorf("ParseID(%q) = %d; want none", s, got)
		}
	}
}

// passwd is a file with all that may be in one.
var passwd = strings.Join([]string{
	"# managed by hand",
	"root:x:0:0:root:/root:/bin/bash",
	"toor:x:0:0:second name:/root:/bin/zsh",
	"",
	"broken:x:1000",
	"evil:x:4294967296:0::/:/bin/sh", // 2^32 must not come to be root
	"nobody:x:-2:-2::/:/bin/false",
	"alice:x:1000:1000::/home/alice:/bin/zsh",
	"alice:x:2000:2000::/home/other:/bin/other", // the first one counts
	"late:x:1000:1000::/home/late:/bin/late",
	"long:x:3000:3000:" + strings.Repeat("g", 50<<10) + ":/home/long:/bin/long",
	"+::::::",
	"after:x:4000:4000::/home/after:", // no newline
}, "\n")

func TestFind(t *testing.T) {
	s := &Source{Passwd: file(t, passwd)}
	for uid, want := range map[uint32]string{0: "root", 1000: "alice", 2000: "alice", 3000: "long", 4000: "after"} {
		if a, err := s.ByUID(uid); err != nil || a.Name != want || a.UID != uid {
			t.Errorf("ByUID(%d) = %+v, %v; want %s", uid, a, err, want)
		}
	}
	for name, want := range map[string]uint32{"root": 0, "toor": 0, "alice": 1000, "late": 1000, "long": 3000, "after": 4000} {
		if a, err := s.ByName(name); err != nil || a.UID != want || a.Name != name {
			t.Errorf("ByName(%s) = %+v, %v; want uid %d", name, a, err, want)
		}
	}
	for _, uid := range []uint32{1, 65534, 1<<32 - 2, 1<<32 - 1} {
		if a, err := s.ByUID(uid); err != ErrNotFound {
			t.Errorf("ByUID(%d) = %+v, %v; want %v", uid, a, err, ErrNotFound)
		}
	}
	for _, name := range []string{"", "broken", "evil", "nobody", "+", "Alice", "0"} {
		if a, err := s.ByName(name); err != ErrNotFound {
			t.Errorf("ByName(%q) = %+v, %v; want %v", name, a, err, ErrNotFound)
		}
	}
}

func TestFindUnreadable(t *testing.T) {
	dir := t.TempDir()
	for _, s := range []*Source{{}, {Passwd: dir + "/none"}, {Passwd: file(t, "")}, {Passwd: "/dev/null"}} {
		if _, err := s.ByUID(0); err != ErrNotFound {
			t.Errorf("ByUID with passwd %q = %v; want %v", s.Passwd, err, ErrNotFound)
		}
	}
	// Not known is not the same as not there.
	s := &Source{Passwd: dir}
	if _, err := s.ByUID(0); err == nil || err == ErrNotFound || !strings.Contains(err.Error(), dir) {
		t.Errorf("ByUID with a passwd that cannot be read = %v; want an error that names %s", err, dir)
	}
	// And nobody else is asked then, who might know another.
	s.Getent = func(string, ...string) ([]byte, error) { return []byte("mallory:x:0:0:::"), nil }
	if a, err := s.ByUID(0); err == nil {
		t.Errorf("ByUID with a name service = %+v; want the error of the file", a)
	}
}

var errServer = errors.New("name service: no answer in time")

// The name service is asked for what the file does not have, and what it says
// is held against the question.
func TestFindGetent(t *testing.T) {
	const carol = "carol:*:5000:5000:Carol:/home/carol:/bin/tcsh\n"
	for _, test := range []struct {
		name    string
		out     string
		err     error
		want    string
		wantErr error
	}{
		{"found", carol, nil, "carol", nil},
		{"found, no newline", strings.TrimSuffix(carol, "\n"), nil, "carol", nil},
		{"found among others", "mallory:*:0:0::/:/bin/sh\n\n" + carol, nil, "carol", nil},
		{"another entry", "mallory:*:0:0::/:/bin/sh\n", nil, "", ErrNotFound},
		{"nonsense", "carol\n", nil, "", ErrNotFound},
		{"nothing", "", nil, "", ErrNotFound},
		{"not found", "", ErrNotFound, "", ErrNotFound},
		{"found, and exit code 2", carol, ErrNotFound, "carol", nil},
		{"failure", "", errServer, "", errServer},
		{"failure after a part", carol, errServer, "", errServer},
	} {
		var asked []string
		s := &Source{Passwd: file(t, passwd), Getent: func(database string, keys ...string) ([]byte, error) {
			asked = append(asked, database+" "+strings.Join(keys, " "))
			return []byte(test.out), test.err
		}}
		byUID, err := s.ByUID(5000)
		if byUID.Name != test.want || err != test.wantErr {
			t.Errorf("%s: ByUID(5000) = %+v, %v; want %q, %v", test.name, byUID, err, test.want, test.wantErr)
		}
		byName, err := s.ByName("carol")
		if byName != byUID || err != test.wantErr {
			t.Errorf("%s: ByName(carol) = %+v, %v; want %+v, %v", test.name, byName, err, byUID, test.wantErr)
		}
		if diff := cmp.Diff([]string{"passwd 5000", "passwd carol"}, asked); diff != "" {
			t.Errorf("%s: questions (-want +got):\n%s", test.name, diff)
		}
		asked = nil
		if _, err := s.ByUID(1000); err != nil || asked != nil {
			t.Errorf("%s: ByUID(1000) = %v, after asking %q; want it from the file alone", test.name, err, asked)
		}
	}
}

func FuzzParsePasswd(f *testing.F) {
	for line := range strings.SplitSeq(passwd, "\n") {
		f.Add(line[:min(len(line), 100)])
	}
	f.Fuzz(func(t *testing.T, line string) {
		a, ok := ParsePasswd([]byte(line))
		if !ok {
			if a != (Account{}) {
				t.Errorf("ParsePasswd(%q) = %+v, false; want nothing", line, a)
			}
			return
		}
		if a.Name == "" || strings.ContainsRune("#+-", rune(a.Name[0])) || a.UID == 1<<32-1 || a.GID == 1<<32-1 ||
			strings.Count(line, ":") != 6 || strings.Contains(a.Name+a.Home+a.Shell, ":") {
			t.Errorf("ParsePasswd(%q) = %+v; want a valid entry or none", line, a)
		}
	})
}

// Each visits entries alone, in their order, as far as it is asked to.
func TestEach(t *testing.T) {
	file := filepath.Join(t.TempDir(), "passwd")
	text := "root:x:0:0::/root:/bin/sh\n# x\n\n+::::::\nbroken:x\nalice:x:1000:1000::/:/bin/zsh\nlast:x:2:2::/:"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var names []string
	source := &Source{Passwd: file}
	err := source.Each(func(a Account) bool { names = append(names, a.Name); return true })
	if want := "root alice last"; err != nil || strings.Join(names, " ") != want {
		t.Errorf("Each visits %q, %v; want %s", names, err, want)
	}
	n := 0
	if err := source.Each(func(Account) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("Each goes on to %d entries, %v; want 1", n, err)
	}
	source.Passwd = filepath.Dir(file)
	if err := source.Each(func(Account) bool { return true }); err == nil {
		t.Error("Each of a directory succeeds; want an error")
	}
}

// A line of the log has the name of the passwd file, and waits for nobody.
func TestWords(t *testing.T) {
	s := &Source{
		Passwd: file(t, "alice:x:1000:1000::/:\n"+strings.Repeat("x", 300)+":x:1001:1001::/:\n"),
		Getent: func(string, ...string) ([]byte, error) {
			t.Error("the name service was asked")
			return nil, ErrNotFound
		},
	}
	for uid, want := range map[uint32]string{1000: "uid=1000 user=alice", 1001: "uid=1001", 1002: "uid=1002"} {
		if got := s.Words(uid); got != want {
			t.Errorf("Words(%d) = %q; want %q", uid, got, want)
		}
	}
}

// A name with a hyphen is no option of getent's.
func TestHyphen(t *testing.T) {
	for _, name := range []string{"-1", "-s", "--help"} {
		if a, err := System().ByName(name); err != ErrNotFound {
			t.Errorf("ByName(%q) = %+v, %v; want %v", name, a, err, ErrNotFound)
		}
	}
}
