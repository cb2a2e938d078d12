package clean

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// What was mounted for a job goes with it, and what it was in.
func TestRunJobStore(t *testing.T) {
	testas.Root(t)
	before := sys.LockDir
	t.Cleanup(func() { sys.LockDir = before })
	sys.LockDir = t.TempDir()
	store := t.TempDir()
	must(t, os.Chmod(store, 0o700))
	for name, uid := range map[string]int{"41001": alice, "41001.7": alice, "41003.7": alice + 2, "41001.70": alice} {
		dir := store + "/" + name
		must(t, os.Mkdir(dir, 0o700), os.Mkdir(dir+"/tmp", 0o700), os.Chmod(dir+"/tmp", os.ModeSticky|0o777), os.Mkdir(dir+"/var-tmp", 0o700),
			os.Mkdir(dir+"/tmp/d", 0o700), os.Chown(dir+"/tmp/d", uid, uid), os.Chown(dir+"/var-tmp", uid, uid))
	}
	o := Options{Where: Where{Shared: []string{"/tmp"}, Stores: []string{store}}}
	expect := func(what, want string, r *Report) {
		t.Helper()
		if len(r.Errors) > 0 {
			t.Errorf("%+v", r)
		}
		list, _ := filepath.Glob(store + "/*")
		deep, _ := filepath.Glob(store + "/*/*")
		list = append(list, deep...)
		for i := range list {
			list[i] = list[i][len(store)+1:]
		}
		slices.Sort(list)
		if got := strings.Join(list, " "); got != want {
			t.Errorf("after %s there is %q; want %q", what, got, want)
		}
	}
	const own = "41001 41001.70 41001.70/tmp 41001.70/var-tmp 41001/tmp 41001/var-tmp"
	const all = "41001 41001.7 41001.7/tmp 41001.7/var-tmp 41001.70 41001.70/tmp 41001.70/var-tmp 41001/tmp 41001/var-tmp 41003.7 41003.7/tmp 41003.7/var-tmp"
	dry := o
	dry.DryRun = true
	expect("a dry run", all, RunJob(dry, "7"))
	expect("the end of another job", all, RunJob(o, "71"))
	expect("the end of the job", own, RunJob(o, "7"))
}
