package e2e

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

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
	r.underLogins(t, outside, change{apk("add PACKAGE_1.1.0-r1_*.apk"), hasNewer},
		change{apk("add PACKAGE_1.0.0-r1_*.apk"), hasOlder}, change{apk("fix --reinstall tmpshell"), hasOlder})
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
