package compile

import (
	"testing"
	"tmpshell/internal/config"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// diffDirectories compares without positions.
func diffDirectories(want, got []config.Directory) string {
	return cmp.Diff(want, got, cmpopts.IgnoreFields(config.Directory{}, "Pos"))
}

func TestDirectories(t *testing.T) {
	defaults := []string{"nosuid", "nodev"}
	tmp := config.Directory{Path: "/tmp", Method: config.Env, Variables: tmpNames}
	for _, test := range []struct {
		name, text string
		want       []config.Directory
	}{
		{"built in", "", []config.Directory{tmp}},
		{"another one comes after the built-in one", "Directory /scratch env variables=SCRATCH",
			[]config.Directory{tmp, {Path: "/scratch", Method: config.Env, Variables: []string{"SCRATCH"}}}},
		{"order is the file's where /tmp is named", "Directory /scratch env\nDirectory /tmp env",
			[]config.Directory{{Path: "/scratch", Method: config.Env}, tmp}},
		{"off", "Directory /tmp off", []config.Directory{{Path: "/tmp", Method: config.Off}}},
		{"method in any case", "directory /tmp ENV VARIABLES=X", []config.Directory{{Path: "/tmp", Method: config.Env, Variables: []string{"X"}}}},
		{"no variables", "Directory /tmp env variables=", []config.Directory{{Path: "/tmp", Method: config.Env}}},
		{"all options of mount",
			"Directory /tmp mount variables=A,B share=.X11-unix/,.s.PGSQL.5432 max-age=10d options=noexec propagation=private",
			[]config.Directory{{Path: "/tmp", Method: config.Mount, Variables: []string{"A", "B"}, Share: []string{".X11-unix/", ".s.PGSQL.5432"},
				MaxAge: "10d", Options: []string{"nosuid", "nodev", "noexec"}, Propagation: "private"}}},
		{"all options of tmpfs", "Directory /tmp tmpfs size=1g inodes=10k options=nosuid,nodev,noexec,noatime",
			[]config.Directory{{Path: "/tmp", Method: config.Tmpfs, Variables: tmpNames, Size: "1g", Inodes: "10k",
				Options: []string{"nosuid", "nodev", "noexec", "noatime"}, Propagation: "slave"}}},
		{"inherit=, which is shown where it is not the default", "Directory /tmp env inherit=no\nDirectory /var/tmp env inherit=private",
			[]config.Directory{{Path: "/tmp", Method: config.Env, Variables: tmpNames, Inherit: "no"}, {Path: "/var/tmp", Method: config.Env}}},
		{"defaults of mount", "Directory /var/tmp mount",
			[]config.Directory{tmp, {Path: "/var/tmp", Method: config.Mount, Options: defaults, Propagation: "slave"}}},

		{"Match: the method is the block's, options are inherited",
			"Directory /tmp env max-age=3d variables=A\nMatch User alice\nDirectory /tmp mount",
			[]config.Directory{{Path: "/tmp", Method: config.Mount, Variables: []string{"A"}, MaxAge: "3d", Options: defaults, Propagation: "slave"}}},
		{"Match: an option of the block wins",
			"Directory /tmp env max-age=3d variables=A\nMatch User alice\nDirectory /tmp env max-age=1h",
			[]config.Directory{{Path: "/tmp", Method: config.Env, Variables: []string{"A"}, MaxAge: "1h"}}},
		{"Match: options of another method are not inherited",
			"Directory /tmp tmpfs size=1g options=noexec\nMatch User alice\nDirectory /tmp env",
			[]config.Directory{tmp}},
		{"Match: an empty option is given, not inherited",
			"Directory /tmp env variables=A\nMatch User alice\nDirectory /tmp env variables=",
			[]config.Directory{{Path: "/tmp", Method: config.Env}}},
		{"Match: the first block that matches, option by option",
			"Directory /tmp env variables=G\nMatch User alice\nDirectory /tmp env max-age=1d\n" +
				"Match Group staff\nDirectory /tmp mount max-age=2d variables=S",
			[]config.Directory{{Path: "/tmp", Method: config.Env, Variables: []string{"S"}, MaxAge: "1d"}}},
		{"Match: off", "Directory /scratch env variables=S\nMatch Uid 1000\nDirectory /tmp off\nDirectory /scratch off",
			[]config.Directory{{Path: "/tmp", Method: config.Off}, {Path: "/scratch", Method: config.Off}}},
		{"Match: a block that does not match", "Match User bob\nDirectory /tmp off\nDirectory /b env", []config.Directory{tmp}},
		{"Match: paths that only blocks name come last",
			"Match User alice\nDirectory /a env\nDirectory /tmp env\nMatch All\nDirectory /b env\nDirectory /a off",
			[]config.Directory{tmp, {Path: "/a", Method: config.Env}, {Path: "/b", Method: config.Env}}},
		{"/tmp alone has built-in variables", "Directory /var/tmp env", []config.Directory{tmp, {Path: "/var/tmp", Method: config.Env}}},
	} {
		got := resolve(t, mustParse(t, test.text), alice).Directories
		if diff := diffDirectories(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}
