#!/bin/sh
# What one user's shell does: waits, logs in, and says what there is. On a terminal, so that
# reasons are said.
exec </dev/null >"$HOME/out" 2>&1
read -r _ <"$HOME/go"
echo kept >"$HOME/kept"
export SHELL=/usr/bin/tmpshell-bash
script -qec "/usr/bin/tmpshell-bash -c '
	id -Z | cut -d: -f3 | sed \"s/^/domain /\"
	echo directory \$TMPDIR
	echo label \$(stat -c %C \$TMPDIR)
	f=\$(mktemp) && echo x >\$f && mkdir \$f.d && ln -s x \$f.l && echo file \$(stat -c %C \$f)
	mktemp -p /dev/shm >/dev/null && echo shm \$(stat -c %C /dev/shm) \$(grep -c \" /dev/shm .*tmpshell\" /proc/self/mountinfo)
	cat /tmp/.s.x && echo link \$(test -L /tmp/.s.x && readlink /tmp/.s.x >/dev/null && echo ok)
	touch /tmp/.meet/\$(id -u)
	one=\$(readlink /proc/self/ns/mnt)
	two=\$(/usr/bin/tmpshell-bash -c \"readlink /proc/self/ns/mnt\")
	test \$one = \$two && echo same namespace
'" /dev/null | tr -d '\r'
# Not a terminal: what is open stays so, although another domain had it in between.
# shellcheck disable=SC2016 # the session expands it
/usr/bin/tmpshell-bash -c 'echo "descriptor $(readlink /proc/self/fd/0)"' <"$HOME/kept"
echo end >"$HOME/done"
