#!/bin/sh
# Gets what make bench compares with into bin/peers, and installs nothing: Debian
# packages, which a view unpacks for itself, and of the directory PEERS what Debian
# has not: su-exec, pam_mktemp.so. What is missing has no row.
set -eu
cd "$(dirname "$0")/../.."
mkdir -p bin/peers
for p in firejail tlog libtlog0 pamtester libpam-tmpdir tini dumb-init catatonit; do
	set -- bin/peers/"${p}"_*.deb
	[ -e "$1" ] || (cd bin/peers && apt-get download -q -o APT::Sandbox::User=root "$p") || echo "peers.sh: no package $p" >&2
done
[ -z "${PEERS-}" ] || for f in su-exec pam_mktemp.so; do
	[ ! -e "$PEERS/$f" ] || cp "$PEERS/$f" bin/peers/
done
