package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// packageProcessors are what each kind of package calls the processors of
// ALL_PROCESSORS in the Makefile: dpkg-architecture(1), rpm's rpmrc, Alpine's ports.
var packageProcessors = []struct{ goarch, deb, rpm, apk string }{
	{"amd64", "amd64", "x86_64", "x86_64"},
	{"arm64", "arm64", "aarch64", "aarch64"},
	{"arm", "armhf", "armv7hl", "armv7"},
	{"386", "i386", "i686", "x86"},
	{"ppc64le", "ppc64el", "ppc64le", "ppc64le"},
	{"riscv64", "riscv64", "riscv64", "riscv64"},
	{"s390x", "s390x", "s390x", "s390x"},
	{"loong64", "loong64", "loongarch64", "loongarch64"},
}

// TestPackageProcessors: a package says which processor it is for, by the name that its
// package manager compares. The programs in these are this machine's.
func TestPackageProcessors(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rows := packageProcessors
	if !sample.All() {
		rows = rows[sample.Seed()%uint64(len(rows)):][:1]
	}
	stagePackages(t)
	for _, p := range rows {
		t.Run(p.goarch, func(t *testing.T) {
			makePackage(t, oldVersion, p.goarch, "deb", "rpm", "apk", "tar")
			for _, kind := range []struct{ file, ask, want string }{
				{"tmpshell_1.0.0-1_" + p.deb + ".deb", `dpkg-deb -f "$1" Architecture`, p.deb},
				{"tmpshell-1.0.0-1." + p.rpm + ".rpm", `rpm -qp --qf '%{ARCH}\n' "$1"`, p.rpm},
				{"tmpshell_1.0.0-r1_" + p.apk + ".apk", `tar xzOf "$1" .PKGINFO 2>/dev/null | sed -n 's/^arch = //p'`, p.apk},
				{"tmpshell-1.0.0-linux-" + p.goarch + ".tar.gz", `gzip -t "$1" && echo ` + p.goarch, p.goarch},
			} {
				file := filepath.Join(packagesDir, kind.file)
				if r := rig.Sh(t, kind.ask, file); strings.TrimSpace(r.Stdout) != kind.want {
					t.Errorf("%s is for %q (%s); want %s; there are:\n%s", kind.file, r.Stdout, r.Stderr, kind.want, rig.Sh(t, "ls "+packagesDir).Stdout)
				}
			}
			// rpm gives the helper its capabilities, whoever builds it.
			file := filepath.Join(packagesDir, fmt.Sprintf("tmpshell-1.0.0-1.%s.rpm", p.rpm))
			caps := rig.Must(t, "rpm", "-qp", "--qf", "[%{FILENAMES} %{FILECAPS}\n]", file)
			if !strings.Contains(caps, rig.Helper+" cap_dac_override,cap_setgid,cap_setuid=p\n") {
				t.Errorf("%s: capabilities:\n%s", filepath.Base(file), caps)
			}
		})
	}
}
