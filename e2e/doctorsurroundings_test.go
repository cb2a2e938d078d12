package e2e

// surroundings: what can be wrong with the programs that call tmpshell, and with
// those that work against it.
var surroundings = map[string][]ailment{
	"shells": {
		{want: "does not list /usr/bin/tmpshell-dash", breakIt: `sed -i '\|tmpshell-dash|d' /etc/shells`},
		{want: "/etc/shells has mode 0666", breakIt: "chmod 666 /etc/shells"},
		{want: "lists /usr/bin/tmpshell-gone, which is missing", breakIt: "echo '/usr/bin/tmpshell-gone # once' >>/etc/shells"},
		{want: "lists no shell oddsh", breakIt: "ln -s tmpshell /usr/bin/tmpshell-oddsh; tmpshellctl setup", undo: "rm /usr/bin/tmpshell-oddsh; sed -i /oddsh/d /etc/shells"},
		{want: "lists no shell dash", breakIt: `sed -i '\|/dash$|d' /etc/shells`},
	},
	"passwd": {
		{want: "the shell of alice, /usr/local/bin/tmpshell, cannot be run", breakIt: "usermod -s /usr/local/bin/tmpshell alice 2>/dev/null"},
		{want: "the shell of alice, /usr/local/bin/tmpshell, is another file", breakIt: "cp /usr/bin/tmpshell /usr/local/bin; usermod -s /usr/local/bin/tmpshell alice"},
		{want: "the shell of bob, /usr/bin/tmpshell-dash, cannot be run", breakIt: "rm /usr/bin/tmpshell-dash",
			also: []string{"shells"}},
	},
	"sshd": {
		{want: "internal-sftp runs no shell, and so no tmpshell, for alice, bob", breakIt: `sed -i 's|^Subsystem.*|Subsystem sftp internal-sftp|' /etc/ssh/sshd_config`},
		{want: "for bob (reload", breakIt: `sed -i 's|^Subsystem.*|subsystem	sftp internal-sftp -l INFO|' /etc/ssh/sshd_config
			printf 'Match User alice\nForceCommand /usr/bin/tmpshell\n' >>/etc/ssh/sshd_config`},
		{want: "could not be finished: sshd -T for alice", breakIt: `printf 'Match User *\nSubsystem sftp internal-sftp\nNonsense\n' >>/etc/ssh/sshd_config`,
			undo: `sed -i '$d' /etc/ssh/sshd_config; sed -i '$d' /etc/ssh/sshd_config; sed -i '$d' /etc/ssh/sshd_config`},
		{want: "no sftp-server that it could run", breakIt: `printf 'Match User alice\nForceCommand /usr/bin/tmpshell\n' >>/etc/ssh/sshd_config
			mv /usr/lib/openssh/sftp-server /usr/lib/openssh/away`, undo: "mv /usr/lib/openssh/away /usr/lib/openssh/sftp-server"},
	},
	"pam": {
		{want: "pam_tmpdir gives sessions another", breakIt: "echo 'session optional pam_tmpdir.so' >>/etc/pam.d/common-session"},
		{want: "pam_mktemp gives sessions another", breakIt: "echo '-session [success=ok default=ignore]	/lib/security/pam_mktemp.so' >>/etc/pam.d/su-l"},
		{want: "/etc/environment:1: pam_env sets TMPDIR", breakIt: "echo TMPDIR=/var/tmp >/etc/environment"},
		{want: "pam_env sets TMP,", breakIt: "echo 'TMP	DEFAULT=/tmp/@{PAM_USER}' >>/etc/security/pam_env.conf"},
		{want: "/etc/default/e2e:1: pam_env sets TEMP", breakIt: `echo 'session required pam_env.so readenv=1 envfile=/etc/default/e2e' >>/etc/pam.d/su
			echo 'export TEMP=/x' >/etc/default/e2e`},
	},
	"tmpfiles": {
		{want: "no line makes /tmp/.private at boot", breakIt: "rm /usr/lib/tmpfiles.d/tmpshell.conf"},
		{want: "/etc/tmpfiles.d/tmp.conf:2 ages /tmp, and /tmp/.private with it", breakIt: `rm /usr/lib/tmpfiles.d/tmpshell.conf
			printf '# ten days\nq /tmp 1777 root root 10d\n' >/etc/tmpfiles.d/tmp.conf`},
		{want: "no line makes /tmp/.meet at boot", breakIt: mountMeet + "rm /etc/tmpfiles.d/tmpshell-setup.conf"},
		{want: "/etc/tmpfiles.d/x.conf:1 removes /tmp/.private", breakIt: "echo 'R /tmp/.p*' >/etc/tmpfiles.d/x.conf"},
		{want: "another owner or mode", breakIt: "echo 'd /tmp/.private 0755 root root ~10d' >/etc/tmpfiles.d/tmpshell.conf"},
		{want: "ages out the users' directories themselves", breakIt: "echo 'd %T/.private 0711 root root 10d' >/etc/tmpfiles.d/tmpshell.conf"},
		{want: "but not the users' directories in it", breakIt: `echo 'X /tmp/.private' >/etc/tmpfiles.d/tmpshell.conf
			echo 'D /tmp 1777 root root 10d' >/etc/tmpfiles.d/tmp.conf`},
	},
	"cleaners": {
		{want: "/etc/tmpreaper.conf makes no exception", breakIt: "sed -i /^SHOWWARNING/d /etc/tmpreaper.conf"},
		{want: "cleans up with tmpwatch", breakIt: `printf '#!/bin/sh\n/usr/sbin/tmpwatch --atime 10d /tmp\n' >/etc/cron.daily/tmpwatch`},
		{want: "/etc/crontab:1 cleans up with find", breakIt: "echo '0 4 * * * root find /tmp -mtime +10 -delete' >>/etc/crontab"},
	},
	"sysctl": {
		{want: "fs.protected_symlinks is 0", breakIt: "echo 0 >/run/sysctl/protected_symlinks"},
		{want: "fs.protected_hardlinks is 0", breakIt: "echo 0 >/run/sysctl/protected_hardlinks"},
		{want: "fs.protected_fifos is 0", breakIt: "echo 0 >/run/sysctl/protected_fifos"},
		{want: "fs.protected_regular is 0", breakIt: "echo 0 >/run/sysctl/protected_regular"},
	},
}
