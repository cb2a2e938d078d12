package private

import (
	"os"
	"strings"
	"testing"

	"tmpshell/internal/bare"
	"tmpshell/internal/capset"
	"tmpshell/internal/testas"
)

func TestIsJob(t *testing.T) {
	for _, job := range []string{"17", "17[3].server", "17.3", "a_B-9", strings.Repeat("1", MaxJob)} {
		if !IsJob(job) || !IsHolder("1000."+job, 1000) {
			t.Errorf("%q is no job; want it to be one", job)
		}
	}
	for _, job := range []string{"", ".", "..", ".17", "a/b", "../1001", "a b", "a\n", "a\x00", "é", "@", "`", "{", strings.Repeat("1", MaxJob+1)} {
		if IsJob(job) || IsHolder("1000."+job, 1000) {
			t.Errorf("%q is a job; want it to be none", job)
		}
	}
	for _, name := range []string{"", "100", "10000", "10001.7", "1000x", "1000.", "2000.17", "11000"} {
		if IsHolder(name, 1000) {
			t.Errorf("%s has instances of uid 1000; want it to be another's", name)
		}
	}
	if !IsHolder("1000", 1000) {
		t.Error("1000 has no instances of uid 1000")
	}
}

// TestInstanceJob: a job's instance is chosen where root has made one that is as it
// must be, and the user's own where there is none.
func TestInstanceJob(t *testing.T) {
	if testas.Inside() != "" {
		i := instanceIn(testas.Dir(), "public")
		i.Job = "17"
		locked(t, func() {
			if _, trouble := capset.Quiet(); !trouble.OK() {
				t.Fatal(trouble.Err())
			}
			var o Opened
			verdict := i.Open(alice, &o)
			o.Close()
			t.Logf("verify=%v job=%s none=%v path=%s=", verdict.Err(), i.Job, i.NoJob, text(func(to *bare.Text) { i.AddPath(to, alice) }))
		})
		return
	}
	top := furnish(t, "public")
	store := top + "/lib/store/"
	name := nameOfAt(instanceIn(top, "public"))
	opened := func() string {
		_, out, _ := strings.Cut(testas.Run(t, user(alice, capset.Keeper), "verify", top), "verify=")
		out, _, _ = strings.Cut(out, "=\n")
		return out
	}
	own := fine + " job= none=true path=" + store + "61001/" + name
	for _, c := range []struct {
		name string
		make func() error
		want string
	}{
		{"nothing", func() error { return nil }, own},
		{"what it would be in", func() error { return os.Mkdir(store+"61001.17", 0o700) }, own},
		{"another's", func() error { return os.MkdirAll(store+"61002.17/"+name, 0o700) }, own},
		{"one that is shut", func() error { return os.Mkdir(store+"61001.17/"+name, 0o700) }, "has mode"},
		{"one as it must be", func() error { return os.Chmod(store+"61001.17/"+name, 0o777|os.ModeSticky) },
			fine + " job=17 none=false path=" + store + "61001.17/" + name},
		{"one that others can reach", func() error { return os.Chmod(store+"61001.17", 0o711) }, "has mode"},
	} {
		must(t, c.make())
		if got := opened(); got != c.want && (c.want != "has mode" || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s; want %s", c.name, got, c.want)
		}
	}
}
