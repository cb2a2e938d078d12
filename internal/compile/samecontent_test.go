package compile

import (
	"os"
	"testing"
	"time"
)

// What is the same in other files counts as the same, as in an image that is
// unpacked: other inodes, other time stamps.
func TestSameContent(t *testing.T) {
	dir := t.TempDir()
	p := place(t, machine(t, bob), "Include "+dir+"/more/*.conf", "Match User bob", "Shell /bin/rbash")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir(dir+"/more", 0o755))
	must(os.WriteFile(dir+"/more/a.conf", []byte("Log all"), 0o644))
	inForce(t, p)
	anew := func(path string) {
		t.Helper()
		text, err := os.ReadFile(path)
		must(err)
		must(os.WriteFile(path+".new", text, 0o644))
		must(os.Rename(path+".new", path))
		must(os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)))
	}
	for _, path := range []string{p.Config, dir + "/more/a.conf", p.Names.Passwd} {
		anew(path)
		fresh(t, p, "the same in "+path)
	}
	must(os.WriteFile(dir+"/more/b.conf", nil, 0o644))
	must(os.Remove(dir + "/more/b.conf"))
	fresh(t, p, "the same names in a directory")

	must(os.Chmod(p.Config, 0o606))
	if in := inForce(t, p); !in.IsWrong() {
		t.Error("a configuration that others can write, with the same in it, was obeyed")
	}
	must(os.Chmod(p.Config, 0o644))
	inForce(t, p)
	must(os.Chown(p.Config, 65534, 0))
	if in := inForce(t, p); !in.IsWrong() {
		t.Error("a configuration of somebody else's, with the same in it, was obeyed")
	}
}
