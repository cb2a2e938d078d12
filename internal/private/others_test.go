package private

import (
	"os"
	"testing"

	"tmpshell/internal/testas"
)

func TestIsOthers(t *testing.T) {
	if testas.Inside() != "" {
		dir := testas.Dir()
		for path, want := range map[string]bool{
			dir:                    false, // shared
			dir + "/mine":          false,
			dir + "/bobs":          true,
			dir + "/bobs/sub":      true, // cannot even be looked at
			dir + "/bobs/sub/none": true,
			dir + "/roots":         true,
			dir + "/none":          false,
			"/tmp/.private/61001":  false,
			"/tmp/.private/0":      true,
			"/tmp/.private/0/sub":  true,
			"/tmp/.private-61002":  true,
			"/tmp/.private-61001":  false,
			"/x/.private-61001.3":  false,
			"/x/.private-61002.3":  true,
			dir + "/bobs-shared":   false,
			dir + "/bobs-open":     true,
			dir + "/roots-open":    false,
			"relative/path":        false,
			"proc":                 false, // which is there, in the working directory
			"":                     false,
			"/tmp/.private/alice":  false, // pam_mktemp's, and not there
			"/":                    true,  // nobody's temporary directory
		} {
			if got := IsOthers(path, alice); got != want {
				t.Errorf("IsOthers(%q) = %v; want %v", path, got, want)
			}
		}
		return
	}
	dir := shared(t)
	for name, uid := range map[string]int{"mine": alice, "bobs": bob, "roots": 0} {
		must(t, os.Mkdir(dir+"/"+name, 0o700))
		must(t, os.Chown(dir+"/"+name, uid, uid))
	}
	for name, mode := range map[string]os.FileMode{"bobs-shared": 0o777 | os.ModeSticky, "bobs-open": 0o777, "roots-open": 0o777} {
		must(t, os.Mkdir(dir+"/"+name, 0o700))
		if name != "roots-open" {
			must(t, os.Chown(dir+"/"+name, bob, bob))
		}
		must(t, os.Chmod(dir+"/"+name, mode))
	}
	testas.Run(t, user(alice, 0), "look", dir)
}
