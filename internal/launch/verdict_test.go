package launch

import (
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
)

// The table of goOn. An object that is not as it must be comes there only when
// what stands in for it has failed, too.
func TestVerdict(t *testing.T) {
	object := bare.Failed("openat", bare.Errno(unix.ENOENT), "/x", "")
	kept := bare.Failed("openat", bare.Errno(unix.EMFILE), "/x", "")
	lost := bare.Trouble{Call: "capset", Errno: bare.Errno(unix.EPERM), Lost: true}
	demanding := map[string]policy.Policy{
		"deny": {Deny: true}, "Shell": {Shell: "/bin/sh"}, "NoNewPrivileges": {NoNewPrivileges: true}, "Ambient": {Ambient: 1},
	}
	lenient := map[string]policy.Policy{
		"nothing": {Runtime: true}, "exempt": {Exempt: true, Deny: true, Shell: "/bin/sh"}, "supervise": {Supervise: true},
	}
	for _, c := range []struct {
		trouble  bare.Trouble
		policies map[string]policy.Policy
		before   verdict
		want     verdict
	}{
		{bare.Trouble{}, demanding, asConfigured, asConfigured},
		{bare.Trouble{}, lenient, plain, plain},
		{bare.Trouble{}, lenient, refused, refused},
		{object, lenient, asConfigured, plain},
		{object, demanding, asConfigured, refused},
		{kept, lenient, asConfigured, plain},
		{kept, lenient, plain, plain},
		{kept, lenient, refused, refused},
		{kept, demanding, asConfigured, refused},
		{lost, lenient, asConfigured, refused},
		{lost, demanding, asConfigured, refused},
	} {
		for name, p := range c.policies {
			l := new(launcher)
			l.policy, l.verdict, l.session.known = p, c.before, resolved
			l.policy.Log = policy.LogNone
			if on := l.goOn(&c.trouble); on != (c.want != refused) || l.verdict != c.want {
				t.Errorf("%v, %s: goes on %v, verdict %d; want %d", c.trouble.Err(), name, on, l.verdict, c.want)
			}
		}
	}
}

// Two directories that cannot be had together.
func TestConflict(t *testing.T) {
	const (
		env   = policy.Env
		mount = policy.Mount
	)
	type d = policy.Directory
	for _, c := range []struct {
		name string
		list []d
		want string
	}{
		{"one", []d{{Path: "/tmp", Method: mount}}, ""},
		{"apart", []d{{Path: "/tmp", Method: mount}, {Path: "/var/tmp", Method: mount}, {Path: "/tmpx", Method: env}}, ""},
		{"inside, afterwards", []d{{Path: "/var", Method: mount}, {Path: "/var/tmp", Method: mount}}, ""},
		{"inside, before", []d{{Path: "/var/tmp", Method: mount}, {Path: "/var", Method: mount}},
			"/var/tmp would be hidden by a directory that is mounted after it"},
		{"env inside", []d{{Path: "/var", Method: mount}, {Path: "/var/tmp", Method: env}},
			"/var/tmp is inside a directory that is mounted over: use method mount or tmpfs for it, too"},
		{"env around", []d{{Path: "/var", Method: env}, {Path: "/var/tmp", Method: mount}}, ""},
		{"one name", []d{{Path: "/a-b", Method: mount}, {Path: "/a/b", Method: mount}}, "/a-b would be kept under the name of another directory"},
		{"one name, env", []d{{Path: "/a-b", Method: env}, {Path: "/a/b", Method: mount}}, ""},
	} {
		self.takeMemory()
		self.session.n = len(c.list)
		for i := range c.list {
			self.session.list[i].Directory = c.list[i]
		}
		got := ""
		if trouble := conflict(); !trouble.OK() {
			got = trouble.Err().Error()
		}
		if got != c.want {
			t.Errorf("%s: %q; want %q", c.name, got, c.want)
		}
	}
	self.session = prepared{}
}
