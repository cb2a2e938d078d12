package e2e

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// Two versions: the newer has another format of the policy, with which no part of the
// older one works.
const oldVersion, newVersion = "1.0.0", "1.1.0"

// manyLogins in upgrades; make test-all makes as many for each suite.
const manyLogins = 5000

// packageKind is a kind of packages, and what is done with them.
type packageKind struct {
	name, done string
	test       func(*testing.T, cleanRoot)
}

// packageKinds are those that the seed chooses to be installed: two of four. The others
// are made twice and compared, by TestPackagesSame; with all rows there are four of each.
func packageKinds() (installed, compared []packageKind) {
	for i, k := range []packageKind{
		{"deb", "installing and purging the Debian package", testDeb},
		{"rpm", "installing and erasing the rpm", testRPM},
		{"tar", "installing and removing the archive", testArchive},
		{"apk", "installing and removing what is in the apk", testAPK},
	} {
		if sample.All() || uint64(i)%2 == sample.Seed()/2%2 { // Seed()%2 is the suite
			installed = append(installed, k)
		}
		if sample.All() || uint64(i)%2 != sample.Seed()/2%2 {
			compared = append(compared, k)
		}
	}
	return installed, compared
}

// makePackages makes packages of these kinds and two versions from the programs under
// test; of the apk there is one version, without an apk. They are compressed faster than those that
// are shipped, in the same format.
func makePackages(t *testing.T, kinds []packageKind) string {
	t.Helper()
	view.Need(t, "make", "rpmbuild", "dpkg-deb")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	bin, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	const dist, quick = "/run/dist", "/run/quick"
	rig.Write(t, quick+"/gzip", "#!/bin/sh\nexec /bin/gzip \"$@\" -1\n", 0o755)
	rig.Write(t, quick+"/.rpmmacros", "%_binary_payload w0.xzdio\n", 0o644)
	var older, newer []string
	for _, k := range kinds {
		older = append(older, k.name)
		if k.name != "apk" || os.Getenv(apkVar) != "" {
			newer = append(newer, k.name)
		}
	}
	rig.Must(t, "sh", "-ec", `
		cd "$1"
		[ -x "$2/nfpm" ] || { echo 'missing: bin/nfpm: run make bin/nfpm' >&2; exit 1; }
		stage() { make -s -o build install DESTDIR=/run/stage ZSHCOMP=/usr/share/zsh/site-functions BIN="$2"; }
		stage "$@" >/dev/null
		export NFPM="$2/nfpm" GOARCH="$6" SOURCE_DATE_EPOCH=1700000000 HOME=$7 PATH="$7:$PATH"
		VERSION=$4 etc/packaging/package.sh /run/stage "$3" $8
		sed -i 's/ policy[0-9]/ policy~/g; s,misc/tmpshell.policy[0-9],misc/tmpshell.policy~,g' /run/stage/usr/bin/* /run/stage/usr/libexec/*
		VERSION=$5 etc/packaging/package.sh /run/stage "$3" $9`,
		"sh", root, bin, dist, oldVersion, newVersion, runtime.GOARCH, quick, strings.Join(older, " "), strings.Join(newer, " "))
	return dist
}

// packageConfig demands private directories of everybody; some have them mounted.
const packageConfig = "OnFailure deny\nMatch Uid 30000-99999\n    Directory /tmp mount\n"

// TestPackages installs, upgrades, downgrades and removes packages in clean systems,
// while sessions stay, and users log in who have no directory yet.
func TestPackages(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	list := suites(t)
	kinds, _ := packageKinds()
	dist := makePackages(t, kinds)
	for _, suite := range list {
		t.Run(suite, func(t *testing.T) {
			r := newCleanRoot(t, suite, dist)
			before := r.files(t)
			for _, k := range kinds {
				t.Run(k.name, func(t *testing.T) { k.test(t, r) })
				r.checkFiles(t, before, k.done)
			}
		})
	}
}

// files are all, but for the records of the package managers and of useradd.
func (r cleanRoot) files(t *testing.T) string {
	t.Helper()
	return rig.Must(t, "sh", "-ec", `cd $1 && find etc usr var '(' ! -type d -o -name '*tmpshell*' ')' ! -path 'var/lib/dpkg/*' ! -path '*/rpm*' ! -path 'var/log/*' ! -path 'var/cache/*' ! -name '*-' ! -path 'etc/.pwd.lock' ! -path 'var/lib/tmpshell*' | sort; cat etc/shells etc/passwd`, "sh", r.dir)
}

func (r cleanRoot) checkFiles(t *testing.T, before, what string) {
	t.Helper()
	rig.Must(t, "rm", "-rf", r.dir+"/var/lib/tmpshell", r.dir+"/tmp/.private")
	if after := r.files(t); after != before {
		rig.Write(t, "/run/before", before, 0o644)
		rig.Write(t, "/run/after", after, 0o644)
		t.Errorf("%s leaves (>) or takes away (<):\n%s", what, rig.Sh(t, "diff /run/before /run/after").Stdout)
	}
}

// begin is what an administrator does first, and two sessions that stay.
func (r cleanRoot) begin(t *testing.T) (env, mounted *stayer) {
	t.Helper()
	rig.Write(t, filepath.Join(r.dir, "/etc/tmpshell.conf"), packageConfig, 0o644)
	r.run(t, 0, "tmpshellctl setup", "cap_sys_admin")
	r.run(t, 0, "useradd -u 1000 -s /bin/bash alice && tmpshellctl enable alice && tmpshellctl check", "tmpshell-bash")
	return r.stay(t, 1000, rig.Tmpshell+"-bash", "/tmp/.private/1000"), r.stay(t, 30999, rig.Tmpshell, "/tmp")
}

// checkRemoved: the sessions go on, and the machine is as if tmpshell had never been.
func (r cleanRoot) checkRemoved(t *testing.T, env, mounted *stayer) {
	t.Helper()
	env.check(t, 2)
	mounted.check(t, 2)
	env.end(t)
	mounted.end(t)
	r.run(t, 0, "grep alice /etc/passwd", ":/bin/bash\n")
	r.run(t, 1, "ls /usr/bin /usr/libexec | grep tmpshell")
	r.run(t, 0, "userdel alice")
	rig.Must(t, "rm", "-f", r.dir+"/etc/tmpshell.conf")
}
