package roster

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/account"
)

const localPasswd = "root:x:0:0::/root:/bin/bash\nalice:x:1000:100::/home/alice:/bin/zsh\n+::::::\nbroken\n"

// machine has the given nsswitch.conf, and a getent that answers from a map.
func machine(t *testing.T, nsswitch string, answers map[string]string) *System {
	t.Helper()
	dir := t.TempDir()
	s := &System{
		Passwd: filepath.Join(dir, "passwd"), Group: filepath.Join(dir, "group"), NSSwitch: filepath.Join(dir, "nsswitch.conf"),
		Getent: func(words ...string) ([]byte, error) {
			answer, ok := answers[strings.Join(words, " ")]
			if !ok {
				return nil, account.ErrNotFound
			}
			if answer == "fails" {
				return nil, errors.New("out of order")
			}
			return []byte(answer), nil
		},
	}
	for path, text := range map[string]string{s.Passwd: localPasswd, s.Group: "users:x:100:\nlab:x:50:alice,bob,gone\n", s.NSSwitch: nsswitch} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// told writes accounts as NAME, with a '*' where they are local.
func told(list []Account) string {
	var words []string
	for _, a := range list {
		word := a.Name
		if a.Local {
			word += "*"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

const bob = "bob:x:2000:50::/home/bob:/usr/bin/tmpshell\n"

func TestEverybody(t *testing.T) {
	for _, test := range []struct {
		name, nsswitch string
		answers        map[string]string
		uids           []uint32
		want           string
		silent         []string
		err            string
	}{
		{"files", "passwd: files", map[string]string{"passwd": localPasswd}, nil, "root* alice*", nil, ""},
		{"no name service", "", nil, nil, "root* alice*", nil, ""},
		{"a directory that lists", "passwd: files [SUCCESS=merge NOTFOUND=continue] sss # x\n",
			map[string]string{"passwd": localPasswd + bob, "-s sss passwd": bob}, nil, "root* alice* bob", nil, ""},
		{"one that does not", "passwd: files systemd ldap winbind", map[string]string{"passwd": localPasswd, "-s winbind passwd": bob}, nil,
			"root* alice* bob", []string{"ldap"}, ""},
		{"one that does not, and a uid", "passwd:files ldap", map[string]string{"passwd": localPasswd, "passwd 2000 3000": bob}, []uint32{2000, 3000},
			"root* alice* bob", []string{"ldap"}, ""},
		{"a failure", "passwd: files", map[string]string{"passwd": "fails"}, nil, "", nil, "getent passwd: out of order"},
		{"a directory's", "passwd: files sss", map[string]string{"-s sss passwd": "fails"}, nil, "", nil, "getent -s sss passwd: out of order"},
		{"another database's directory", "group: sss\npasswd: files", nil, nil, "root* alice*", nil, ""},
	} {
		list, silent, err := machine(t, test.nsswitch, test.answers).Everybody(test.uids)
		if told(list) != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("%s: Everybody = %s, %v; want %s, %s", test.name, told(list), err, test.want, test.err)
		}
		if diff := cmp.Diff(test.silent, silent); diff != "" {
			t.Errorf("%s: silent services (-want +got):\n%s", test.name, diff)
		}
	}
	// What cannot be read is never empty.
	for _, file := range []func(*System) *string{
		func(s *System) *string { return &s.Passwd }, func(s *System) *string { return &s.NSSwitch },
	} {
		s := machine(t, "passwd: files", nil)
		*file(s) = t.TempDir() // a directory
		if list, _, err := s.Everybody(nil); err == nil {
			t.Errorf("Everybody without a file = %s and no error; want one", told(list))
		}
	}
	s := machine(t, "", nil)
	s.Passwd += "-none"
	if list, _, err := s.Everybody(nil); err == nil {
		t.Errorf("Everybody without /etc/passwd = %s and no error; want one", told(list))
	}
}

func TestMembers(t *testing.T) {
	answers := map[string]string{
		"passwd": localPasswd, "passwd bob": bob,
		"group far": "far:x:60:bob\n", "group bad": "fails",
	}
	for _, test := range []struct{ group, want, err string }{
		{"lab", "alice* bob", ""}, // "gone" has no account
		{"users", "alice*", ""},   // by its own group
		{"far", "bob", ""},
		{"none", "", "no such entry"},
		{"-s", "", "no such entry"},
		{"bad", "", "out of order"},
	} {
		list, _, err := machine(t, "passwd: files", answers).Members(test.group)
		if told(list) != test.want || (err == nil) != (test.err == "") || err != nil && err.Error() != test.err {
			t.Errorf("Members(%s) = %s, %v; want %s, %s", test.group, told(list), err, test.want, test.err)
		}
	}
}

func TestByName(t *testing.T) {
	s := machine(t, "", map[string]string{"passwd bob": bob, "passwd 1000": localPasswd, "passwd bad": "fails"})
	for name, want := range map[string]string{"alice": "alice*", "bob": "bob"} {
		if a, err := s.ByName(name); err != nil || told([]Account{a}) != want {
			t.Errorf("ByName(%s) = %+v, %v; want %s", name, a, err, want)
		}
	}
	// getent takes a number for a uid.
	for _, name := range []string{"1000", "-s", "", "a:b", "none"} {
		if a, err := s.ByName(name); !errors.Is(err, account.ErrNotFound) {
			t.Errorf("ByName(%q) = %+v, %v; want %v", name, a, err, account.ErrNotFound)
		}
	}
	if a, err := s.ByName("bad"); err == nil || errors.Is(err, account.ErrNotFound) {
		t.Errorf("ByName(bad) = %+v, %v; want the failure", a, err)
	}
}
