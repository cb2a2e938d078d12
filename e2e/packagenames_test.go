package e2e

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// apkVersion is what apk(8) takes for one.
var apkVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*(_(alpha|beta|pre|rc|p)[0-9]*)*-r[0-9]+$`)

// TestPackageNames: each kind has a version that its package manager knows, and one that
// comes after the tag's where commits came after the tag. Files that packages would leave
// out, or look for elsewhere, are refused.
func TestPackageNames(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "make", "rpm", "rpmbuild", "dpkg-deb")
	root, _ := sources(t)
	for _, program := range []string{"bin/tmpshell", "bin/tmpshellctl", "libexec/tmpshell-session", "libexec/tmpshell-helper"} {
		rig.Write(t, "/run/stage/usr/"+program, "#!/bin/sh\n", 0o755)
	}
	for _, file := range []string{"README.md", "LICENSE", "CHANGELOG.md"} {
		rig.Write(t, "/run/stage/usr/share/doc/tmpshell/"+file, file, 0o644)
	}
	rig.Write(t, "/run/stage/usr/share/man/man8/tmpshell.8", ".Dd today\n", 0o644)
	rig.Write(t, "/run/stage/etc/tmpshell.conf", "", 0o644)
	for _, c := range []struct{ version, deb, rpm, apk string }{
		{"1.2.3", "1.2.3-1", "1.2.3-1", "1.2.3-r1"},
		{"1.2.3+5.gabc1234", "1.2.3+5.gabc1234-1", "1.2.3+5.gabc1234-1", "1.2.3_p5-r1"},
		{"1.3.0-rc1", "1.3.0~rc1-1", "1.3.0~rc1-1", "1.3.0_rc1-r1"},
		{"1.3.0-rc1+5.gabc1234", "1.3.0~rc1+5.gabc1234-1", "1.3.0~rc1+5.gabc1234-1", "1.3.0_rc1_p5-r1"},
	} {
		rig.Must(t, "rm", "-rf", packagesDir)
		makePackage(t, c.version, "amd64", "deb", "rpm", "apk")
		deb := strings.TrimSpace(rig.Sh(t, "dpkg-deb -f "+packagesDir+"/*.deb Version").Stdout)
		rpm := rig.Sh(t, "rpm -qp --qf '%{VERSION}-%{RELEASE}' "+packagesDir+"/*.rpm").Stdout
		apk := strings.TrimSpace(rig.Sh(t, "tar -xzOf "+packagesDir+"/*.apk .PKGINFO | sed -n 's/^pkgver = //p'").Stdout)
		if deb != c.deb || rpm != c.rpm || apk != c.apk || !apkVersion.MatchString(apk) {
			t.Errorf("%s: deb %q, rpm %q, apk %q; want %+v", c.version, deb, rpm, apk, c)
		}
		if list, _ := filepath.Glob(packagesDir + "/tmpshell_" + c.apk + "_x86_64.apk"); len(list) != 1 {
			t.Errorf("%s: no %s", c.version, c.apk)
		}
	}
	const refused = "package: packages are made for PREFIX=/usr"
	rig.Must(t, "sh", "-c", "mkdir /run/stage/opt && touch /run/stage/opt/x; mkdir /run/local && cp -a /run/stage/usr /run/local/local && mkdir /run/local/usr && mv /run/local/local /run/local/usr")
	for _, stage := range []string{"/run/stage", "/run/local"} {
		r := rig.Sh(t, `VERSION=1.2.3 GOARCH=amd64 SOURCE_DATE_EPOCH=1 "$1"/etc/packaging/package.sh "$2" /run/refused tar`, root, stage)
		if r.Status != 1 || !strings.HasPrefix(r.Stderr, refused) || strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("%s: status %d, %s%s; want %s", stage, r.Status, r.Stdout, r.Stderr, refused)
		}
	}
}

// TestMakePaths: names that the recipes would take apart, or that lead elsewhere when the
// directory is another one, are refused before anything is done.
func TestMakePaths(t *testing.T) {
	view.Need(t, "make")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	for arg, want := range map[string]string{
		"PREFIX=opt":         "BINDIR has to begin with /: opt/bin",
		"LIBEXECDIR=libexec": "LIBEXECDIR has to begin with /: libexec",
		"PREFIX=/opt/a b":    "BINDIR must not have a blank: /opt/a b/bin",
		"DESTDIR=/tmp/a b":   "DESTDIR must not have a blank: /tmp/a b",
		"DIST=a b":           "DIST must not have a blank: a b",
		"VERSION=1 2":        "VERSION must not have a blank: 1 2",
	} {
		if r := rig.Sh(t, `make -s -n -C "$1" install "$2"`, root, arg); r.Status == 0 || !strings.Contains(r.Stderr, want) || r.Stdout != "" {
			t.Errorf("make install %s: %d, %q, %q; want %s", arg, r.Status, r.Stdout, r.Stderr, want)
		}
	}
	if r := rig.Sh(t, `make -n -C "$1" install PREFIX=/opt/x/`, root); r.Status != 0 || !strings.Contains(r.Stdout, "/opt/x/bin") || strings.Contains(r.Stdout, "/opt/x//") {
		t.Errorf("make install PREFIX=/opt/x/: %+v; want no //", r)
	}
	// The machine itself, whatever it is called: who has tmpshell is asked for.
	for dir, here := range map[string]bool{"": true, "/": true, "//": true, "/usr/..": true, "/nowhere": false, "/usr": false} {
		r := rig.Sh(t, `make -n -C "$1" uninstall DESTDIR="$2"`, root, dir)
		if asked := strings.Contains(r.Stdout, `[ -z "here" ]`); r.Status != 0 || asked != here {
			t.Errorf("make uninstall DESTDIR=%s: %d, %q, %q; want it to ask: %v", dir, r.Status, r.Stdout, r.Stderr, here)
		}
	}
}
