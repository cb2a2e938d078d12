package e2e

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
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
const packageConfig = "OnFailure deny\nMatch Uid 30000-39999\n    Directory /tmp mount\n"

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

// underLogins repeats changes, which are made in a place, one after the other, while users
// log in to the system.
func (r cleanRoot) underLogins(t *testing.T, place cleanRoot, steps ...string) {
	t.Helper()
	var logins, bad atomic.Int32
	var users sync.WaitGroup
	done := make(chan struct{})
	for _, first := range []int{20000, 30000} {
		users.Go(func() {
			for uid := first; !hasEnded(done); uid++ {
				got := r.login(t, uid, rig.Tmpshell, `echo $TMPDIR && d=$(mktemp) && stat -c %u:%a $TMPDIR`)
				want := fmt.Sprintf("/tmp/.private/%d\n%d:700\n", uid, uid)
				if first == 30000 {
					want = "/tmp\n0:1777\n" // mounted, of root's
				}
				logins.Add(1)
				if got.Status != 0 || got.Stdout != want || got.Stderr != "" {
					bad.Add(1)
					t.Errorf("login of %d: status %d, %q, %q; want %q", uid, got.Status, got.Stdout, got.Stderr, want)
				}
			}
		})
	}
	changes, enough := 0, int32(40)
	if sample.All() {
		enough = manyLogins
	}
	for logins.Load() < enough && bad.Load() < 5 {
		for _, step := range steps {
			before := logins.Load()
			if got := place.command("sh", "-c", step).Run(t); got.Status != 0 {
				t.Errorf("%s: status %d\n%s%s", step, got.Status, got.Stdout, got.Stderr)
			}
			changes++
			rig.Await(t, func() string { return "no login ends" }, func() bool { return logins.Load() > before+1 || bad.Load() > 5 })
		}
	}
	close(done)
	users.Wait()
	t.Logf("%d changes, %d logins, %d of them refused or with a fallback", changes, logins.Load(), bad.Load())
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

func testDeb(t *testing.T, r cleanRoot) {
	deb := func(version string) string { return "/packages/tmpshell_" + version + "-1_*.deb" }
	r.run(t, 0, "dpkg -i "+deb(oldVersion), "Setting up tmpshell (1.0.0-1)", "/usr/bin/tmpshell: the new one\n", "cap_dac_override,cap_setgid,cap_setuid=p")
	env, mounted := r.begin(t)
	r.underLogins(t, r,
		"dpkg --unpack "+deb(newVersion), "dpkg --configure tmpshell",
		"dpkg --unpack "+deb(oldVersion), "dpkg --configure tmpshell",
		"dpkg -i "+deb(newVersion), "dpkg -i "+deb(newVersion), "dpkg -i "+deb(oldVersion),
	)
	t.Run("dpkg-statoverride", func(t *testing.T) { testOverride(t, r, deb(oldVersion), deb(newVersion)) })
	t.Run("a configuration that is refused", func(t *testing.T) {
		rig.Write(t, filepath.Join(r.dir, rig.Conf), "Nonsense\n", 0o644)
		r.run(t, 0, "dpkg -i "+deb(oldVersion), "is refused, fix it first", "the programs are in place, but see above")
		r.run(t, 0, "rm -f /var/lib/misc/tmpshell.policy~")
		r.run(t, 1, "dpkg -i "+deb(newVersion), "no last good policy for this version")
		if got := r.login(t, 30500, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp\n" {
			t.Errorf("a login with the version before: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
		}
		rig.Write(t, filepath.Join(r.dir, rig.Conf), packageConfig, 0o644)
		r.run(t, 0, "dpkg --configure -a", "Setting up tmpshell (1.1.0-1)")
	})
	t.Run("removal", func(t *testing.T) {
		r.run(t, 1, "dpkg -r tmpshell", "still the shell of alice", "tmpshellctl disable --all", "not removed, as somebody could not log in")
		r.run(t, 0, "dpkg -s tmpshell", " ok installed")
		if got := r.login(t, 20999, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp/.private/20999\n" {
			t.Errorf("a login after a removal that stopped: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
		}
		r.run(t, 0, "TMPSHELL_REMOVE=disable dpkg -r tmpshell", "alice")
		r.run(t, 0, "cat /etc/tmpshell.conf", "OnFailure deny")
		r.run(t, 0, "dpkg -P tmpshell", "/var/lib/tmpshell has files of users and stays")
		r.run(t, 1, "ls /etc/tmpshell.conf /etc/cron.d/tmpshell /var/lib/misc | grep tmpshell.[cp]")
	})
	r.checkRemoved(t, env, mounted)
}

func testOverride(t *testing.T, r cleanRoot, deb, newer string) {
	const override = "dpkg-statoverride --add root daemon 0750 "
	r.run(t, 0, override+rig.Helper)
	r.run(t, 0, "dpkg -i "+deb)
	// Its capabilities are those that it needs.
	r.run(t, 0, "stat -c '%U:%G %a' "+rig.Helper, "root:daemon 750\n")
	if got := rig.Must(t, "getcap", r.dir+rig.Helper); !strings.HasSuffix(got, " cap_dac_override,cap_setgid,cap_setuid=p\n") {
		t.Errorf("getcap: %q", got)
	}
	r.run(t, 0, "dpkg-statoverride --remove "+rig.Helper+" && dpkg-statoverride --add root root 4755 "+rig.Helper)
	r.run(t, 1, "dpkg -i "+newer, "never setuid or setgid", "dpkg-statoverride --remove "+rig.Helper)
	r.run(t, 0, "stat -c '%U:%G %a' "+rig.Helper, "root:daemon 750\n")
	r.run(t, 0, "dpkg-statoverride --remove "+rig.Helper+" && dpkg --configure -a")
	r.run(t, 0, "stat -c '%U:%G %a' "+rig.Helper, "root:root 755\n")
}

// testRPM: rpm of the machine, as a clean system of Debian's has none; scripts run in it.
func testRPM(t *testing.T, r cleanRoot) {
	rpm := func(args string) string {
		return "rpm --root " + r.dir + " --nodeps --force-debian " + strings.ReplaceAll(args, "PACKAGE", "/run/dist/tmpshell")
	}
	outside := cleanRoot{r.dir, "1"} // of the view
	outside.run(t, 0, rpm("-U PACKAGE-1.0.0-*.rpm"))
	env, mounted := r.begin(t)
	// A configuration of its own, and what it needs, is none of rpm's business.
	outside.run(t, 0, rpm("-V tmpshell || :"), "c /etc/tmpshell.conf")
	if said := outside.run(t, 0, rpm("-V tmpshell || :")); strings.Contains(said, "/usr") {
		t.Errorf("rpm -V finds programs that are not as they were:\n%s", said)
	}
	outside.run(t, 0, "rpm --root "+r.dir+" -qf /usr/bin/tmpshell /usr/libexec/tmpshell-session", "tmpshell-1.0.0-1")
	rig.Must(t, "setcap", "-r", r.dir+rig.Helper)
	outside.run(t, 0, rpm("-V tmpshell || :"), "P  g "+rig.Helper)
	r.run(t, 0, "tmpshellctl setup")
	r.underLogins(t, outside, rpm("-U PACKAGE-1.1.0-*.rpm"), rpm("-U --oldpackage PACKAGE-1.0.0-*.rpm"), rpm("-U --replacepkgs PACKAGE-1.0.0-*.rpm"))
	outside.run(t, 1, rpm("-e tmpshell"), "still the shell of alice", "not removed, as somebody could not log in")
	if got := r.login(t, 20999, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp/.private/20999\n" {
		t.Errorf("a login after a removal that stopped: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
	}
	outside.run(t, 0, "TMPSHELL_REMOVE=disable "+rpm("-e tmpshell"))
	rig.Must(t, "rm", "-f", r.dir+"/etc/tmpshell.conf.rpmsave")
	r.checkRemoved(t, env, mounted)
}

func testArchive(t *testing.T, r cleanRoot) {
	r.run(t, 0, "cd /run && for v in 1.0.0 1.1.0; do tar xzf /packages/tmpshell-$v-linux-*.tar.gz; done")
	install := func(version string) string { return "/run/tmpshell-" + version + "-linux-*/install.sh" }
	r.run(t, 0, install(oldVersion), "/usr/bin/tmpshell: the new one\n")
	env, mounted := r.begin(t)
	r.underLogins(t, r, install(newVersion), install(oldVersion), install(oldVersion))
	r.run(t, 0, "cat /etc/tmpshell.conf", "OnFailure deny")
	r.run(t, 1, install(oldVersion)+" --remove", "still the shell of alice")
	r.run(t, 0, install(oldVersion)+" --remove --disable", "alice")
	r.run(t, 0, "rm /etc/cron.d/tmpshell")
	r.checkRemoved(t, env, mounted)
	r.run(t, 0, install(newVersion)+" DESTDIR=/run/image && ls -l /run/image/usr/bin /run/image/etc", "tmpshellctl", "tmpshell.conf")
}

// apkVar names an apk(8) of apk-tools for the tests: Debian has none.
const apkVar = view.KeptVars + "APK"

// testAPK has apk(8) itself, where there is one, or does with what is in the package as
// apk does.
func testAPK(t *testing.T, r cleanRoot) {
	checkAPK(t, "/run/dist/tmpshell_"+oldVersion+"-r1_*.apk")
	if apk := os.Getenv(apkVar); apk != "" {
		testByAPK(t, r, apk)
		return
	}
	unpack := "mkdir -p /run/apk && cd /run/apk && tar xzf /packages/tmpshell_1.0.0-*.apk 2>/dev/null; "
	r.run(t, 0, unpack+"cp -R etc usr / && ./.post-install 1.0.0-r1 && ./.post-upgrade 1.0.0-r1 1.0.0-r1", "/usr/bin/tmpshell: the new one")
	env, mounted := r.begin(t)
	const remove = `cd /run/apk && ./.pre-deinstall 1.0.0-r1; find usr etc/cron.d ! -type d | (cd / && xargs rm -f); (cd / && rmdir usr/lib/tmpshell 2>/dev/null); ./.post-deinstall 1.0.0-r1; `
	r.run(t, 0, remove, "still the shell of alice", "/usr/bin/tmpshell stays")
	if got := r.login(t, 20999, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp/.private/20999\n" {
		t.Errorf("a login after a removal that kept the programs: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
	}
	r.run(t, 0, "cd /run/apk && cp -R usr / && ./.post-install 1.0.0-r1")
	r.run(t, 0, "tmpshellctl disable --all && "+remove+"cd /run/apk && find usr -depth -type d -path '*tmpshell*' | (cd / && xargs rmdir 2>/dev/null); :")
	r.checkRemoved(t, env, mounted)
}

// checkAPK: modes are such as apk reads. It takes others for a damaged package, where tar
// and Go take them for larger numbers.
func checkAPK(t *testing.T, pattern string) {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) != 1 {
		t.Fatal(pattern, list, err)
	}
	file, err := os.Open(list[0])
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file) // of all parts, one after the other
	if err != nil {
		t.Fatal(err)
	}
	entries := tar.NewReader(unzipped)
	for n := 0; ; n++ {
		header, err := entries.Next()
		if err == io.EOF && n > 50 {
			return
		}
		if err != nil {
			t.Fatalf("%s, after %d entries: %v", list[0], n, err)
		}
		if header.Mode&^0o7777 != 0 {
			t.Errorf("%s: %s has the mode %#o; want at most 07777", list[0], header.Name, header.Mode)
		}
	}
}

// testByAPK: apk of the machine, as of rpm; scripts run in the system. apk removes what
// it wants to, and says what a script said.
func testByAPK(t *testing.T, r cleanRoot, program string) {
	apk := func(args string) string {
		return program + " --root " + r.dir + " --allow-untrusted --force-non-repository --no-network --repositories-file /dev/null " +
			strings.ReplaceAll(args, "PACKAGE", "/run/dist/tmpshell")
	}
	outside := cleanRoot{r.dir, "1"} // of the view
	outside.run(t, 0, apk("add --initdb PACKAGE_1.0.0-r1_*.apk"), "/usr/bin/tmpshell: the new one")
	if got := rig.Must(t, "getcap", r.dir+rig.Helper); !strings.HasSuffix(got, " cap_dac_override,cap_setgid,cap_setuid=p\n") {
		t.Errorf("getcap: %q", got)
	}
	env, mounted := r.begin(t)
	r.underLogins(t, outside, apk("add PACKAGE_1.1.0-r1_*.apk"), apk("add PACKAGE_1.0.0-r1_*.apk"), apk("fix --reinstall tmpshell"))
	outside.run(t, 0, apk("info --who-owns /usr/lib/tmpshell/tmpshell"), "tmpshell-1.0.0-r1")
	r.run(t, 0, "cat /etc/tmpshell.conf", "OnFailure deny")
	outside.run(t, 0, apk("del tmpshell"), "still the shell of alice", "/usr/bin/tmpshell stays")
	if got := r.login(t, 20999, rig.Tmpshell, "echo $TMPDIR"); got.Stdout != "/tmp/.private/20999\n" {
		t.Errorf("a login after a removal that kept the programs: status %d, %q, %q", got.Status, got.Stdout, got.Stderr)
	}
	outside.run(t, 0, apk("add PACKAGE_1.0.0-r1_*.apk"))
	r.run(t, 0, "tmpshellctl disable --all")
	outside.run(t, 0, apk("del tmpshell"))
	rig.Must(t, "sh", "-c", `cd "$1" && rm -rf etc/apk lib/apk usr/lib/apk var/cache/apk var/lib/apk var/log/apk.log`, "sh", r.dir)
	r.checkRemoved(t, env, mounted)
}
