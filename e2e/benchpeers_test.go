//go:build bench

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
)

// peersDir is where bench/peers.sh puts packages that are unpacked into the view
// alone, and programs that no package has: su-exec and pam_mktemp.so.
const peersDir = "/run/tmpshell-source/bin/peers/"

// peers are other programs that may stand between login and shell. Those that are
// missing, or that do not work here, are named in the notes.
func peers(t *testing.T) (rows []row, notes []string) {
	t.Helper()
	rig.Must(t, "sh", "-ec", `mkdir /run/peers; for d in "$1"*.deb; do dpkg-deb -x "$d" /run/peers; done
		for d in lib sbin bin; do [ ! -e /run/peers/$d ] || cp -a /run/peers/$d/. /usr/$d/; done
		for d in usr etc; do [ ! -e /run/peers/$d ] || cp -a /run/peers/$d/. /$d/; done
		[ ! -e "$1"su-exec ] || install -m 755 "$1"su-exec /usr/local/bin/
		[ ! -e "$1"pam_mktemp.so ] || install -m 644 "$1"pam_mktemp.so /lib/x86_64-linux-gnu/security/`, "sh", peersDir)
	for name, modules := range map[string]string{
		"nothing": "", "tmpdir": "session required pam_tmpdir.so\n", "mktemp": "session required pam_mktemp.so\n",
		"namespace": "session required pam_namespace.so\n",
	} {
		rig.Write(t, "/etc/pam.d/bench-"+name, "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n"+modules, 0o644)
	}
	pamNamespace(t)
	rig.Must(t, "sh", "-c", `[ ! -e /etc/tlog/tlog-rec-session.conf ] || echo '{"writer":"file","file":{"path":"/dev/null"}}' >/etc/tlog/tlog-rec-session.conf`)
	pam := func(module string) string {
		return "/usr/bin/pamtester bench-" + module + " plain open_session close_session"
	}
	all := []row{
		{name: "tini", uid: 1000, command: "/usr/bin/tini -s -- " + shell, limits: rowEnv},
		{name: "dumb-init", uid: 1000, command: "/usr/bin/dumb-init " + shell},
		{name: "catatonit", uid: 1000, command: "/usr/bin/catatonit -- " + shell},
		{name: "setpriv", command: "/usr/bin/setpriv --reuid 1000 --regid 1000 --clear-groups " + shell},
		{name: "su-exec", command: "/usr/local/bin/su-exec plain " + shell},
		{name: "gosu", command: "/usr/sbin/gosu plain " + shell, limits: rowEnv},
		{name: "unshare -m", command: "/usr/bin/unshare -m -S 1000 -G 1000 " + shell},
		{name: "bubblewrap, a /tmp of its own", uid: 1000, command: "/usr/bin/bwrap --dev-bind / / --bind /tmp/.private/1000 /tmp " + shell, limits: rowMount},
		{name: "firejail --private-tmp", uid: 1000, command: "/usr/bin/firejail --quiet --noprofile --private-tmp " + shell, limits: rowMount},
		{name: "tlog-rec-session", uid: 1000, command: "/usr/bin/tlog-rec-session -c true"},
		{name: rowPAMNothing, base: rowPAMNothing, command: pam("nothing")},
		{name: "pam_tmpdir", base: rowPAMNothing, command: pam("tmpdir"), limits: rowEnv},
		{name: "pam_mktemp", base: rowPAMNothing, command: pam("mktemp")},
		{name: "pam_namespace", base: rowPAMNothing, command: pam("namespace"), limits: rowMount},
	}
	failed := map[string]bool{}
	for _, r := range all {
		as := ""
		if r.uid != 0 {
			as = fmt.Sprintf("/usr/bin/setpriv --reuid %d --regid %[1]d --clear-groups ", r.uid)
		}
		got := rig.Sh(t, as+r.command)
		// firejail that takes the view for a sandbox runs the program in the shared
		// /tmp, says nothing and exits with 0.
		private := strings.Contains(r.name, "/tmp") || strings.HasPrefix(r.name, "firejail")
		if got.Status == 0 && private {
			rig.Write(t, "/tmp/shared", "", 0o644)
			if sees := rig.Sh(t, as+strings.Replace(r.command, shell, "/bin/ls /tmp", 1)); strings.Contains(sees.Stdout, "shared") {
				got.Status, got.Stderr = -1, "it exits with 0 and has hidden nothing: /tmp is the shared one"
			}
		}
		if got.Status == 0 && !failed[r.base] {
			rows = append(rows, r)
			continue
		}
		failed[r.name] = true
		why, _, _ := strings.Cut(strings.TrimSpace(got.Stderr+got.Stdout), "\n")
		notes = append(notes, fmt.Sprintf("%s: not measured: status %d, `%s`.", r.name, got.Status, why))
	}
	if debs, _ := filepath.Glob(peersDir + "*.deb"); len(debs) == 0 {
		notes = append(notes, "No packages in bin/peers: see e2e/bench/peers.sh.")
	}
	return rows, notes
}

// pamNamespace has pam_namespace give each user a /tmp, in a session that asks for it.
func pamNamespace(t *testing.T) {
	t.Helper()
	rig.Write(t, "/etc/security/namespace.conf", "/tmp /var/tmp-inst/ user root\n", 0o644)
	rig.Must(t, "install", "-d", "-m", "0", "/var/tmp-inst")
}
