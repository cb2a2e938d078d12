#!/bin/sh
# Opens a shell with a private temporary directory, or runs TRY_COMMAND and
# shows where its files went. It works on a throw-away view of the machine: a
# mount namespace with overlays over /etc, /usr, /var, /home and the user's home, and a
# /tmp and /run of its own. What is done in there is gone when the shell ends.
set -eu

fail() {
	echo "try: $1" >&2
	[ -z "${2-}" ] || echo "try: hint: $2" >&2
	exit 1
}

top=$(cd "$(dirname "$0")/.." && pwd)

if [ "${1-}" != --inside ]; then
	[ "$(id -u)" = 0 ] || fail "this needs root, for a view of the machine that is thrown away" "run: sudo make try"
	for p in unshare mount findmnt setpriv; do
		command -v $p >/dev/null || fail "$p is missing" "apt-get install util-linux mount"
	done
	# The kernel ends everything inside, and all mounts with it, when the
	# first process in there ends.
	exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" --inside
fi

mask=$(umask) # the session's; what is made here is for everybody to read
umask 022
user=${TRY_USER:-root}
uid=$(id -u "$user") gid=$(id -g "$user")
HOME=$(getent passwd "$user" | cut -d: -f6)
work=/mnt
mount -t tmpfs -o mode=755 tmpfs $work || fail "cannot mount a tmpfs" "a container needs the capability SYS_ADMIN for this"
mkdir $work/top
mount --bind "$top" $work/top # may be below what is covered next

# cover DIRECTORY NAME: what is written there goes to the tmpfs.
cover() {
	mkdir -p $work/"$2"/upper $work/"$2"/work
	chown --reference="$1" $work/"$2"/upper
	chmod --reference="$1" $work/"$2"/upper
	# ".": a name may have a comma in it.
	(cd "$1" && mount -t overlay -o "lowerdir=.,upperdir=$work/$2/upper,workdir=$work/$2/work" overlay "$1")
}
for d in etc usr var; do
	cover /$d $d || fail "cannot mount an overlay over /$d" "the kernel needs overlayfs; in a container of a container, / may be an overlay too many: --volume /$d"
done
# A mount below would be covered, too, and not be in sight: a home of NFS.
homes=/home/
if [ ! -d /home ] || findmnt -rno TARGET | grep -q '^/home/' || ! cover /home homes 2>/dev/null; then
	homes=
fi
case $HOME/ in
/ | // | /etc/* | /usr/* | /var/* | /tmp/* | /run/* | "${homes:-//}"*) ;;
*)
	# NFS may keep root out.
	[ ! -d "$HOME" ] || cover "$HOME" home 2>/dev/null || echo "try: what is written to $HOME stays there: it cannot be covered" >&2
	;;
esac
mount -t tmpfs -o mode=1777 tmpfs /tmp
mount -t tmpfs -o mode=755 tmpfs /run

cd $work/top
install -d /usr/libexec
install -m 711 bin/tmpshell /usr/bin
install -m 755 bin/tmpshellctl /usr/bin
install -m 755 bin/tmpshell-helper bin/tmpshell-supervise bin/tmpshell-remover /usr/libexec
install -m 711 bin/tmpshell /usr/libexec/tmpshell-session
echo 'Exempt none' >/etc/tmpshell.conf # so that root sees something, too
/usr/bin/tmpshellctl setup >$work/setup.log 2>&1 || { cat $work/setup.log >&2; fail "tmpshellctl setup failed"; }

USER=$user LOGNAME=$user
export HOME USER LOGNAME
unset TMPDIR TMP TEMP TEMPDIR XDG_RUNTIME_DIR TRY_USER COMMAND MAKEFLAGS MAKELEVEL MFLAGS 2>/dev/null || :
command=${TRY_COMMAND-}
unset TRY_COMMAND

as_user() { umask "$mask"; setpriv --reuid "$uid" --regid "$gid" --init-groups "$@"; }

status=0
if [ -n "$command" ] || [ ! -t 0 ]; then
	: "${command:=f=\$(mktemp); echo \"mktemp made \$f\"; env | grep -E '^(TMP|TEMP|XDG_RUN)' | sort}"
	echo "\$ tmpshell -c '$command'"
	(cd / && as_user tmpshell -c "$command") || status=$?
else
	echo "A shell with a private directory for $user; \"exit\" ends it and leaves nothing."
	echo "Look at: echo \$TMPDIR; ls -ld \$TMPDIR; mktemp"
	(cd "$HOME" 2>/dev/null || cd /; as_user tmpshell) || :
fi
echo
echo "In /tmp, shared by all users:"
(cd /tmp && ls -lA)
echo "In /tmp/.private/$uid, $user's alone:"
(cd "/tmp/.private/$uid" && ls -lA)
exit $status
