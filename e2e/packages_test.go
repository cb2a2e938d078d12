package e2e

import (
	"os"
	"path/filepath"
	"slices"
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

func allPackageKinds() []packageKind {
	return []packageKind{
		{"deb", "installing and purging the Debian package", testDeb},
		{"rpm", "installing and erasing the rpm", testRPM},
		{"tar", "installing and removing the archive", testArchive},
		{"apk", "installing and removing what is in the apk", testAPK},
	}
}

// packageKinds are those that the seed chooses to be installed: two of four. The others
// are made twice and compared, by TestPackagesSame; with all rows there are four of each.
func packageKinds() (installed, compared []packageKind) {
	for i, k := range allPackageKinds() {
		if sample.All() || uint64(i)%2 == sample.Seed()/2%2 { // Seed()%2 is the suite
			installed = append(installed, k)
		}
		if sample.All() || uint64(i)%2 != sample.Seed()/2%2 {
			compared = append(compared, k)
		}
	}
	return installed, compared
}

// packagesDir is where a view has the packages that were made in it.
const packagesDir = "/run/dist"

// stagePackages installs the programs under test where packages are made of them.
// Packages are compressed faster than those that are shipped, in the same format.
func stagePackages(t *testing.T) {
	t.Helper()
	view.Need(t, "make", "rpmbuild", "dpkg-deb")
	root, bin := sources(t)
	rig.Write(t, "/run/quick/gzip", "#!/bin/sh\nexec /bin/gzip \"$@\" -1\n", 0o755)
	rig.Write(t, "/run/quick/.rpmmacros", "%_binary_payload w0.xzdio\n", 0o644)
	rig.Must(t, "sh", "-ec", `
		[ -x "$1/bin/nfpm" ] || { echo 'missing: bin/nfpm: run make bin/nfpm' >&2; exit 1; }
		cd "$1" && make -s -o build install DESTDIR=/run/stage ZSHCOMP=/usr/share/zsh/site-functions BIN="$2"`, "sh", root, bin)
}

// makePackage makes packages of these formats from what is staged.
func makePackage(t *testing.T, version, goarch string, formats ...string) {
	t.Helper()
	root, _ := sources(t)
	rig.Must(t, "sh", append([]string{"-ec", `
		cd "$1"
		export NFPM="$1/bin/nfpm" VERSION=$2 GOARCH=$3 SOURCE_DATE_EPOCH=1700000000 HOME=/run/quick PATH="/run/quick:$PATH"
		shift 3
		etc/packaging/package.sh /run/stage ` + packagesDir + ` "$@"`, "sh", root, version, goarch}, formats...)...)
}

// sources are the source tree and the directory of the programs under test.
func sources(t *testing.T) (root, bin string) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	if bin, err = view.Binaries(); err != nil {
		t.Fatal(err)
	}
	return root, bin
}

// makePackages makes packages of these kinds and two versions; without an apk(8), of the
// apk one.
func makePackages(t *testing.T, kinds []packageKind) {
	t.Helper()
	cpu, _, err := view.Processor()
	if err != nil {
		t.Fatal(err)
	}
	var older, newer []string
	for _, k := range kinds {
		older = append(older, k.name)
		if k.name != "apk" || os.Getenv(apkVar) != "" {
			newer = append(newer, k.name)
		}
	}
	stagePackages(t)
	makePackage(t, oldVersion, cpu, older...)
	another := `sed -i 's/ policy[0-9]/ policy~/g; s,misc/tmpshell.policy[0-9],misc/tmpshell.policy~,g' "$@"`
	if emulated(t) { // where the name is in instructions: the same format, in another file
		another = `for p; do echo policy~ >>"$p"; done`
	}
	rig.Must(t, "bash", "-c", "set -- /run/stage/usr/{bin,libexec}/*; "+another)
	makePackage(t, newVersion, cpu, newer...)
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
	if emulated(t) { // rpm and apk are this machine's
		kinds = slices.DeleteFunc(allPackageKinds(), func(k packageKind) bool { return k.name == "rpm" || k.name == "apk" })
	}
	makePackages(t, kinds)
	for _, suite := range list {
		t.Run(suite, func(t *testing.T) {
			r := newCleanRoot(t, suite)
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
