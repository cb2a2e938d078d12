#!/bin/sh
# Builds sshd without PAM, which Debian does not, of what Debian's package is made of:
# bin/openssh/sshd. It takes some minutes, and is for TMPSHELL_ALL=1 alone.
set -eu
cd "$(dirname "$0")/.."
[ ! -x bin/openssh/sshd ] || exit 0
mkdir -p bin/openssh/apt/lists/partial bin/openssh/apt/cache
cd bin/openssh

# The sources of the machine's suite, from where it has its packages.
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
# shellcheck disable=SC2016 # apt-get expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >apt/sources.list
set -- -o "Dir::Etc::sourcelist=$PWD/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
	-o "Dir::State::lists=$PWD/apt/lists" -o "Dir::Cache=$PWD/apt/cache" -o APT::Sandbox::User=root
if [ ! -e configured ]; then
	apt-get "$@" update -q
	apt-get "$@" source -q --download-only openssh
	tar xf openssh_*.orig.tar.gz
	cd openssh-*/
	./configure --prefix=/usr --sysconfdir=/etc/ssh --libexecdir=/usr/lib/openssh \
		--with-privsep-path=/run/sshd --with-pid-dir=/run --without-pam \
		--with-default-path=/usr/local/bin:/usr/bin:/bin:/usr/games
	cd ..
	: >configured
fi
make -C openssh-*/ sshd
cp openssh-*/sshd .
