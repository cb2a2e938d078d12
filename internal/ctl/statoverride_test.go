package ctl

import (
	"os"
	"strings"
	"testing"
)

func TestWithOverride(t *testing.T) {
	p := program{name: "p", to: "/usr/libexec/p", mode: 0o755}
	for _, test := range []struct {
		line string
		mode os.FileMode
		gid  int
		bad  string // in the error
	}{
		{"root root 0711 /usr/libexec/p\n", 0o711, 0, ""},
		{"#0 #42 750 /usr/libexec/p\n", 0o750, 42, ""},
		{"root daemon 750 /usr/libexec/p\n", 0o750, 1, ""},
		{"root root 04755 /usr/libexec/p\n", 0, 0, "never setuid"},
		{"root root 02755 /usr/libexec/p\n", 0, 0, "never setuid"},
		{"root root 0775 /usr/libexec/p\n", 0, 0, "others can write"},
		{"root root 0757 /usr/libexec/p\n", 0, 0, "others can write"},
		{"daemon root 0755 /usr/libexec/p\n", 0, 0, "the owner daemon"},
		{"#1 root 0755 /usr/libexec/p\n", 0, 0, "the owner #1"},
		{"root nobody-has-this 0755 /usr/libexec/p\n", 0, 0, "the group nobody-has-this"},
		{"root #x 0755 /usr/libexec/p\n", 0, 0, "the group #x"},
		{"root root 0x755 /usr/libexec/p\n", 0, 0, "the mode 0x755"},
		{"root root 0755 /usr/libexec/other\n", 0, 0, "dpkg-statoverride --remove /usr/libexec/p"},
		{"", 0, 0, "dpkg-statoverride --remove /usr/libexec/p"},
	} {
		got, err := p.withOverride(test.line)
		switch {
		case test.bad == "" && (err != nil || got.mode != test.mode || got.gid != test.gid):
			t.Errorf("%q: mode %o, group %d, %v; want %o, %d", test.line, got.mode, got.gid, err, test.mode, test.gid)
		case test.bad != "" && (err == nil || !strings.Contains(err.Error(), test.bad)):
			t.Errorf("%q: %v; want an error with %q", test.line, err, test.bad)
		}
	}
}
