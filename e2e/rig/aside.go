package rig

import (
	"path/filepath"
	"testing"

	"tmpshell/e2e/view"
)

// Unpack puts sets of packages into the view that the machine has not installed:
// e2e/aside.sh downloads them. Their maintainer scripts, which make accounts and
// start services, are not run.
func Unpack(t testing.TB, sets ...string) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	for _, set := range sets {
		packages, err := filepath.Glob(filepath.Join(root, "bin/aside", set, "*.deb"))
		if err != nil {
			t.Fatal(err)
		}
		if len(packages) == 0 {
			view.Missing(t, "packages of "+set+": run e2e/aside.sh")
		}
		// dpkg -x would make a directory of /lib, which is a link.
		Must(t, "sh", append([]string{"-ec", `for p; do
			dpkg-deb --fsys-tarfile "$p" | tar -x --keep-directory-symlink -C / --exclude './usr/share/doc' --exclude './usr/share/locale' --wildcards './*'
		done`, "sh"}, packages...)...)
	}
	Must(t, "ldconfig")
}
