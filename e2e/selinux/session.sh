#!/bin/sh
# What a session says of itself; it runs in one.
id -Z | cut -d: -f3 | sed 's/^/domain /'
echo "directory $TMPDIR"
echo "label $(stat -c %C "$TMPDIR")"
f=$(mktemp) && echo x >"$f" && mkdir "$f.d" && ln -s x "$f.l" && echo "file $(stat -c %C "$f")"
mktemp -p /dev/shm >/dev/null && echo "shm $(stat -c %C /dev/shm) $(grep -c ' /dev/shm .*tmpshell' /proc/self/mountinfo)"
cat /tmp/.s.x && test -L /tmp/.s.x && readlink /tmp/.s.x >/dev/null && echo link ok
touch "/tmp/.meet/$(id -u)"
# shellcheck disable=SC2016 # the session expands it
[ "$(/usr/bin/tmpshell-bash -c 'readlink /proc/self/ns/mnt')" != "$(readlink /proc/self/ns/mnt)" ] || echo same namespace
# What is open stays so, although another domain had it in between.
echo kept >"$HOME/kept"
# shellcheck disable=SC2016 # the session expands it
/usr/bin/tmpshell-bash -c 'echo "descriptor $(readlink /proc/self/fd/0)"' <"$HOME/kept"
