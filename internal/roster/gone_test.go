package roster

import (
	"os"
	"strings"
	"testing"
)

// TestLook: what is "gone", and what is not known.
func TestLook(t *testing.T) {
	for _, test := range []struct {
		name, nsswitch string
		answers        map[string]string
		gone           bool // uid 3000
		doubt          string
	}{
		{"files", "passwd: files systemd\n", nil, true, ""},
		{"no nsswitch.conf", "", nil, true, ""},
		{"getent fails", "passwd: files\n", map[string]string{"passwd 2000 3000": "fails"}, false, "out of order"},
		{"found there", "passwd: files extrausers\n", map[string]string{"passwd 2000 3000": "carl:x:3000:50::/:/bin/sh\n"}, false, ""},
		{"a directory that is silent", "passwd: files ldap\n", nil, false, "ldap of"},
		{"a directory that fails", "passwd: files ldap\n", map[string]string{"-s ldap passwd 2000 3000": "fails"}, false, "out of order"},
		{"a directory that names another", "passwd: files ldap\n", map[string]string{"-s ldap passwd 2000 3000": bob, "passwd 2000 3000": bob}, true, ""},
		{"a directory that lists", "passwd: files ldap\n", map[string]string{"-s ldap passwd": bob}, true, ""},
		{"NIS by lines with a plus", "passwd: compat\n", nil, false, "nis of"},
		{"one of two", "passwd: files ldap sss\n", map[string]string{"-s ldap passwd": bob}, false, "sss of"},
	} {
		s := machine(t, test.nsswitch, test.answers)
		k := s.Look([]uint32{1000, 2000, 3000})
		if k.IsGone(3000) != test.gone || k.IsGone(1000) || (k.Doubt == nil) != (test.doubt == "") || k.Doubt != nil && !strings.Contains(k.Doubt.Error(), test.doubt) {
			t.Errorf("%s: gone %v, doubt %v; want %v, %q", test.name, k.IsGone(3000), k.Doubt, test.gone, test.doubt)
		}
	}
	// A file that cannot be read, or is half of one, says nothing.
	for name, spoil := range map[string]func(*System) error{
		"no /etc/passwd":  func(s *System) error { return os.Remove(s.Passwd) },
		"an empty one":    func(s *System) error { return os.Truncate(s.Passwd, 0) },
		"a directory":     func(s *System) error { s.Passwd = t.TempDir(); return nil },
		"no nsswitch":     func(s *System) error { s.NSSwitch = t.TempDir(); return nil },
		"no getent there": func(s *System) error { s.Getent = func(...string) ([]byte, error) { return nil, errNone }; return nil },
	} {
		s := machine(t, "passwd: files\n", nil)
		if err := spoil(s); err != nil {
			t.Fatal(err)
		}
		if k := s.Look([]uint32{3000}); k.IsGone(3000) {
			t.Errorf("%s: uid 3000 is gone", name)
		}
	}
}
