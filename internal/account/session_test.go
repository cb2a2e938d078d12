package account

import (
	"os"
	"strconv"
	"testing"
)

// The name service is asked once, and only for what the session asks.
func TestSession(t *testing.T) {
	uid, gid := strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getgid())
	for _, test := range []struct {
		name     string
		passwd   string
		err      error
		wantName string
		wantErr  error
	}{
		{"an account", "me:x:" + uid + ":" + gid + "::/home/me:/bin/zsh\n", nil, "me", nil},
		{"no account", "", ErrNotFound, "", nil},
		{"a server that does not answer", "", errServer, "", errServer},
	} {
		asked := 0
		s := NewSession(&Source{Getent: func(database string, keys ...string) ([]byte, error) {
			asked++
			if database == "group" {
				return []byte("mine:x:" + gid + ":\n"), nil
			}
			return []byte(test.passwd), test.err
		}})
		if asked != 0 {
			t.Errorf("%s: NewSession asks; want it to wait", test.name)
		}
		for range 2 {
			if name, err := s.Name(); name != test.wantName || err != test.wantErr {
				t.Errorf("%s: Name() = %q, %v; want %q, %v", test.name, name, err, test.wantName, test.wantErr)
			}
			if _, err := s.Account(); err != test.err {
				t.Errorf("%s: Account() = %v; want %v", test.name, err, test.err)
			}
		}
		if asked != 1 {
			t.Errorf("%s: passwd was asked for %d times; want once", test.name, asked)
		}
		for range 2 {
			if groups, err := s.Groups(); err != nil || len(groups) != 1 || groups[0] != "mine" {
				t.Errorf("%s: Groups() = %q, %v; want mine", test.name, groups, err)
			}
		}
		if asked != 2 {
			t.Errorf("%s: the groups were asked for %d times; want once", test.name, asked-1)
		}
	}
}
