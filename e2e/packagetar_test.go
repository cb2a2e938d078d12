package e2e

import (
	"testing"
)

func testArchive(t *testing.T, r cleanRoot) {
	r.run(t, 0, "cd /run && for v in 1.0.0 1.1.0; do tar xzf /packages/tmpshell-$v-linux-*.tar.gz; done")
	install := func(version string) string { return "/run/tmpshell-" + version + "-linux-*/install.sh" }
	r.run(t, 0, install(oldVersion), "/usr/bin/tmpshell: the new one\n")
	env, mounted := r.begin(t)
	r.underLogins(t, r, change{install(newVersion), hasNewer}, change{install(oldVersion), hasOlder}, change{install(oldVersion), hasOlder})
	r.run(t, 0, "cat /etc/tmpshell.conf", "OnFailure deny")
	r.run(t, 1, install(oldVersion)+" --remove", "still the shell of alice")
	r.run(t, 0, install(oldVersion)+" --remove --disable", "alice")
	r.run(t, 0, "rm /etc/cron.d/tmpshell")
	r.checkRemoved(t, env, mounted)
	r.run(t, 0, install(newVersion)+" DESTDIR=/run/image && ls -l /run/image/usr/bin /run/image/etc", "tmpshellctl", "tmpshell.conf")
}
