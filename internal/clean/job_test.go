package clean

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"tmpshell/internal/sys"
	"tmpshell/internal/testas"
)

// The end of a job takes the directories of that job, whoever has them, and no others:
// not one whose number begins alike, nor the user's own.
func TestRunJob(t *testing.T) {
	testas.Root(t)
	before := sys.LockDir
	t.Cleanup(func() { sys.LockDir = before })
	sys.LockDir = t.TempDir()
	shared := t.TempDir()
	must(t, os.Chmod(shared, os.ModeSticky|0o777), os.Mkdir(shared+"/.private", 0o711), os.Chmod(shared+"/.private", 0o711))
	for name, uid := range map[string]int{"41001": alice, "41001.7": alice, "41002.7": alice + 1, "41001.70": alice, "41001.7.x": alice, "41001.7_1": alice} {
		dir := shared + "/.private/" + name
		must(t, os.Mkdir(dir, 0o700), os.WriteFile(dir+"/f", nil, 0o600), os.Chown(dir+"/f", uid, uid), os.Chown(dir, uid, uid))
	}
	there := func() string {
		list, _ := filepath.Glob(shared + "/.private/*")
		for i := range list {
			list[i] = filepath.Base(list[i])
		}
		return fmt.Sprint(list)
	}
	all := there()
	for _, c := range []struct {
		dry  bool
		job  string
		left string
	}{
		{true, "7", all},
		{false, "nosuch", all},
		{false, "7", "[41001 41001.70 41001.7_1 41001.7.x]"},
	} {
		r := RunJob(Options{Where: Where{Shared: []string{shared}}, DryRun: c.dry}, c.job)
		if named := len(r.Results) == 2; len(r.Errors) > 0 || named != (c.job == "7") {
			t.Errorf("job %s, dry run %v: %+v", c.job, c.dry, r)
		}
		if got := there(); len(got) != len(c.left) || c.left == all && got != all {
			t.Errorf("job %s, dry run %v: left is %s; want %s", c.job, c.dry, got, c.left)
		}
	}
	for _, gone := range []string{"41001.7", "41002.7"} {
		if _, err := os.Stat(shared + "/.private/" + gone); err == nil {
			t.Errorf("%s is still there", gone)
		}
	}
}
