# For login shells of accounts that do not have tmpshell as their shell: copy this to
# /etc/profile.d/tmpshell.sh. A group's, by ssh: see sshd_config.d/tmpshell.conf.
#
# This is for method env. The directories of methods mount and tmpfs are those of
# sessions that tmpshell begins; elsewhere this says so. It binds nobody: the shell is
# the user's, and OnFailure deny, Shell and NoNewPrivileges have no effect.

if [ -x /usr/bin/tmpshellctl ]; then
	eval "$(/usr/bin/tmpshellctl env --format sh)"
fi
