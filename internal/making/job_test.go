package making

import (
	"os"
	"path/filepath"
	"testing"
)

// TestJob: a job's directory is the user's alone and beside theirs; it stays as it is.
func TestJob(t *testing.T) {
	dir := shared(t)
	want := dir + "/.private/41001.17[3].server"
	for range 2 {
		_, err := made(alice, func(m *Maker) error {
			path, err := m.Job(dir, "17[3].server")
			if path != want {
				t.Errorf("its path is %s; want %s", path, want)
			}
			return err
		})
		must(t, err)
		expect(t, "the directory", want, "d0700 41001:41001")
		must(t, os.MkdirAll(filepath.Join(want, "kept"), 0o755))
	}
	expect(t, "what was in it", want+"/kept", "d0755 0:0")
	for _, job := range []string{"", ".", "..", ".17", "a/b", "a b", "a\n", "123456789012345678901234567890123"} {
		if _, err := made(alice, func(m *Maker) error { _, err := m.Job(dir, job); return err }); err == nil {
			t.Errorf("job %q was made; want it to be refused", job)
		}
	}
}

// TestJobInstance: what is mounted for a job is as the user's own, and beside that.
func TestJobInstance(t *testing.T) {
	dir := shared(t)
	i := instanceIn(dir, ".X11-unix/,.s.db")
	want := i.Store + "/41001.17/" + of(i).name
	for range 2 {
		_, err := made(alice, func(m *Maker) error {
			path, err := m.JobInstance(i, "17")
			if path != want {
				t.Errorf("its path is %s; want %s", path, want)
			}
			return err
		})
		must(t, err)
		expect(t, "what it is in", i.Store+"/41001.17", "d0700 0:0")
		expect(t, "the directory", want, "d1777 0:0")
		expect(t, "what is shared", want+"/.X11-unix", "d1000 0:0")
		must(t, os.MkdirAll(filepath.Join(want, "kept"), 0o755))
	}
	expect(t, "what was in it", want+"/kept", "d0755 0:0")
	if got := look(i.Store + "/41001"); got[0] == 'd' {
		t.Errorf("the user's own is %s; want none", got)
	}
	if _, err := made(alice, func(m *Maker) error { _, err := m.JobInstance(i, "../41002"); return err }); err == nil {
		t.Error("a job ../41002 was made; want it to be refused")
	}
}

func TestParseJob(t *testing.T) {
	for name, want := range map[string]struct {
		uid uint32
		job string
	}{"1000.17": {1000, "17"}, "0.1": {0, "1"}, "1000.17.server": {1000, "17.server"}, "1000.17[3]": {1000, "17[3]"}} {
		if uid, job, ok := ParseJob(name); !ok || uid != want.uid || job != want.job {
			t.Errorf("%s: uid %d, job %q, %v; want %v", name, uid, job, ok, want)
		}
	}
	for _, name := range []string{"1000", "1000.", "01.1", "+1.1", "alice.1", ".1", "1000..1", "1000.a b", "4294967295.1"} {
		if uid, job, ok := ParseJob(name); ok {
			t.Errorf("%s: uid %d, job %q; want it to be none", name, uid, job)
		}
	}
}
