package config

import (
	"strings"
	"testing"
)

func TestDirectoryPosition(t *testing.T) {
	c := mustParse(t, "", "Directory /tmp env", "Match All", "Directory /tmp off")
	if got := c.Variants()[1].Directories[0].Pos.String(); got != "conf:4" {
		t.Errorf("Pos = %s; want conf:4, the line that the method is from", got)
	}
}

func TestDirectoryFaults(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "Directory takes a path, a method (env, mount, tmpfs, off) and options"},
		{"/tmp", "Directory takes a path, a method"},
		{"tmp env", `"tmp" is not an absolute path`},
		{"'' env", `"" is not an absolute path`},
		{"/ env", "the root directory cannot be a private directory"},
		{"/tmp/ env", `"/tmp/" should be written /tmp`},
		{"//tmp env", `"//tmp" should be written /tmp`},
		{"/a/../tmp env", `"/a/../tmp" should be written /tmp`},
		{"/a/./b env", `"/a/./b" should be written /a/b`},
		{"/.. env", `"/.." should be written /`},
		{"/tmp/.private env", "/tmp/.private is inside a base of private directories"},
		{"/tmp/.private/1000/x env", "/tmp/.private/1000/x is inside a base"},
		{"/tmp variables=A", `the method is env, mount, tmpfs or off, not "variables=A"`},
		{"/tmp bind", `the method is env, mount, tmpfs or off, not "bind"`},
		{"/var mount", "nothing can be mounted over /var: /var/lib/tmpshell is kept below it"},
		{"/var/lib tmpfs", "nothing can be mounted over /var/lib: "},
		{"/var/lib/tmpshell mount", "nothing can be mounted over /var/lib/tmpshell: "},
		{"/var/lib/tmpshell/x mount", "nothing can be mounted in /var/lib/tmpshell, which is tmpshell's own"},
		{"/run/tmpshell/shared tmpfs", "nothing can be mounted in /run/tmpshell, "},
		{"/run tmpfs", "nothing can be mounted over /run: /run/tmpshell is kept below it"},
		{"/home tmpfs", "nothing can be mounted over /home: sessions need it as it is"},
		{"/usr tmpfs", "/usr is the system's own, and is what setuid programs go by"},
		{"/etc/pam.d mount", "/etc/pam.d is the system's own, "},
		{"/etc env", "/etc is the system's own, "},
		{"/root/tmp off", "/root/tmp is the system's own, "},
		{"/lib64/x env", "/lib64/x is the system's own, "},
		{"/boot/efi mount", "/boot/efi is the system's own, "},
		{"/tmp env inherit=all", `inherit= is private or no, not "all"`},
		{"/tmp mount per=a-b", `per= is user, session or the name of a variable, not "a-b"`},
		{"/tmp mount store=x", `"x" is not an absolute path`},
		{"/tmp mount store=/usr/x", "/usr/x is the system's own, "},
		{"/tmp tmpfs store=/x", "store= does not go with method tmpfs"},
		{"/proc/sys mount", "nothing can be mounted over /proc/sys: "},
		{"/tmp mount share=../x", `share= takes names inside the directory, not "../x"`},
		{"/tmp mount share=..", `share= takes names inside the directory, not ".."`},
		{"/tmp mount share=a/b/", `share= takes names inside the directory, not "a/b/"`},
		{"/tmp mount share=/", `share= takes names inside the directory, not "/"`},
		{"/tmp env colour=red", `"colour=red" is no option of Directory (inherit=, inodes=, link=, max-age=, options=, per=, propagation=, share=, size=, store=, variables=)`},
		{"/tmp env variables", `"variables" is no option of Directory`},
		{"/tmp env =x", `"=x" is no option of Directory`},
		{"/tmp env size=1g", "size= does not go with method env"},
		{"/tmp env share=a", "share= does not go with method env"},
		{"/tmp env options=noexec", "options= does not go with method env"},
		{"/tmp env propagation=slave", "propagation= does not go with method env"},
		{"/tmp mount inodes=5", "inodes= does not go with method mount"},
		{"/tmp tmpfs share=a", "share= does not go with method tmpfs"},
		{"/tmp tmpfs max-age=1d", "max-age= does not go with method tmpfs"},
		{"/tmp off variables=A", "variables= does not go with method off"},
		{"/tmp env variables=A VARIABLES=B", "variables= is given twice"},
		{"/tmp env variables=A, ", `"" is not the name of an environment variable`},
	} {
		want := "conf:1: " + test.want
		_, err := Parse("conf", "Directory "+test.args)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Directory %s: %v; want %s", test.args, err, want)
		}
	}
	// Near, but right.
	for _, args := range []string{"/var env", "/var/lib off", "/var/lib/tmpshells mount", "/var/l mount", "/.privately env", "/tmp/x.private env", "/library env", "/etcetera mount", "/srv/etc env"} {
		mustParse(t, "Directory "+args)
	}
}
