package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var tmpNames = []string{"TMPDIR", "TMP", "TEMP", "TEMPDIR"}

// diffDirectories compares without positions.
func diffDirectories(want, got []Directory) string {
	return cmp.Diff(want, got, cmpopts.IgnoreFields(Directory{}, "Pos"))
}

func TestDirectories(t *testing.T) {
	defaults := []string{"nosuid", "nodev"}
	tmp := Directory{Path: "/tmp", Method: Env, Variables: tmpNames}
	for _, test := range []struct {
		name, text string
		want       []Directory
	}{
		{"built in", "", []Directory{tmp}},
		{"another one comes after the built-in one", "Directory /scratch env variables=SCRATCH",
			[]Directory{tmp, {Path: "/scratch", Method: Env, Variables: []string{"SCRATCH"}}}},
		{"order is the file's where /tmp is named", "Directory /scratch env\nDirectory /tmp env",
			[]Directory{{Path: "/scratch", Method: Env}, tmp}},
		{"off", "Directory /tmp off", []Directory{{Path: "/tmp", Method: Off}}},
		{"method in any case", "directory /tmp ENV VARIABLES=X", []Directory{{Path: "/tmp", Method: Env, Variables: []string{"X"}}}},
		{"no variables", "Directory /tmp env variables=", []Directory{{Path: "/tmp", Method: Env}}},
		{"all options of mount",
			"Directory /tmp mount variables=A,B share=.X11-unix/,.s.PGSQL.5432 max-age=10d options=noexec propagation=private",
			[]Directory{{Path: "/tmp", Method: Mount, Variables: []string{"A", "B"}, Share: []string{".X11-unix/", ".s.PGSQL.5432"},
				MaxAge: "10d", Options: []string{"nosuid", "nodev", "noexec"}, Propagation: "private"}}},
		{"all options of tmpfs", "Directory /tmp tmpfs size=1g inodes=10k options=nosuid,nodev,noexec,noatime",
			[]Directory{{Path: "/tmp", Method: Tmpfs, Variables: tmpNames, Size: "1g", Inodes: "10k",
				Options: []string{"nosuid", "nodev", "noexec", "noatime"}, Propagation: "slave"}}},
		{"defaults of mount", "Directory /var/tmp mount",
			[]Directory{tmp, {Path: "/var/tmp", Method: Mount, Options: defaults, Propagation: "slave"}}},

		{"Match: the method is the block's, options are inherited",
			"Directory /tmp env max-age=3d variables=A\nMatch User alice\nDirectory /tmp mount",
			[]Directory{{Path: "/tmp", Method: Mount, Variables: []string{"A"}, MaxAge: "3d", Options: defaults, Propagation: "slave"}}},
		{"Match: an option of the block wins",
			"Directory /tmp env max-age=3d variables=A\nMatch User alice\nDirectory /tmp env max-age=1h",
			[]Directory{{Path: "/tmp", Method: Env, Variables: []string{"A"}, MaxAge: "1h"}}},
		{"Match: options of another method are not inherited",
			"Directory /tmp tmpfs size=1g options=noexec\nMatch User alice\nDirectory /tmp env",
			[]Directory{tmp}},
		{"Match: an empty option is given, not inherited",
			"Directory /tmp env variables=A\nMatch User alice\nDirectory /tmp env variables=",
			[]Directory{{Path: "/tmp", Method: Env}}},
		{"Match: the first block that matches, option by option",
			"Directory /tmp env variables=G\nMatch User alice\nDirectory /tmp env max-age=1d\n" +
				"Match Group staff\nDirectory /tmp mount max-age=2d variables=S",
			[]Directory{{Path: "/tmp", Method: Env, Variables: []string{"S"}, MaxAge: "1d"}}},
		{"Match: off", "Directory /scratch env variables=S\nMatch Uid 1000\nDirectory /tmp off\nDirectory /scratch off",
			[]Directory{{Path: "/tmp", Method: Off}, {Path: "/scratch", Method: Off}}},
		{"Match: a block that does not match", "Match User bob\nDirectory /tmp off\nDirectory /b env", []Directory{tmp}},
		{"Match: paths that only blocks name come last",
			"Match User alice\nDirectory /a env\nDirectory /tmp env\nMatch All\nDirectory /b env\nDirectory /a off",
			[]Directory{tmp, {Path: "/a", Method: Env}, {Path: "/b", Method: Env}}},
		{"/tmp alone has built-in variables", "Directory /var/tmp env", []Directory{tmp, {Path: "/var/tmp", Method: Env}}},
	} {
		got := resolve(t, mustParse(t, test.text), alice).Directories
		if diff := diffDirectories(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestDirectoryPosition(t *testing.T) {
	c := mustParse(t, "", "Directory /tmp env", "Match All", "Directory /tmp off")
	if got := resolve(t, c, alice).Directories[0].Pos.String(); got != "conf:4" {
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
		{"/usr tmpfs", "nothing can be mounted over /usr: sessions need it as it is"},
		{"/proc/sys mount", "nothing can be mounted over /proc/sys: "},
		{"/tmp mount share=../x", `share= takes names inside the directory, not "../x"`},
		{"/tmp mount share=..", `share= takes names inside the directory, not ".."`},
		{"/tmp mount share=a/b/", `share= takes names inside the directory, not "a/b/"`},
		{"/tmp mount share=/", `share= takes names inside the directory, not "/"`},
		{"/tmp env colour=red", `"colour=red" is no option of Directory (inodes=, max-age=, options=, propagation=, share=, size=, variables=)`},
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
	for _, args := range []string{"/var env", "/var/lib off", "/var/lib/tmpshells mount", "/var/l mount", "/.privately env", "/tmp/x.private env"} {
		mustParse(t, "Directory "+args)
	}
}
