#!/bin/sh
# Makes packages of what `make install DESTDIR=` has staged: that is the only list
# of files. `make package` runs it.
#
#	package.sh STAGE OUT FORMAT...		FORMAT is deb, apk, rpm or tar
#
# VERSION, GOARCH and SOURCE_DATE_EPOCH are in the environment; NFPM is the program
# that makes deb and apk. The same stage gives the same bytes: names are sorted, and
# owners, modes and times are set here.
#
# The programs are shipped in /usr/lib/tmpshell. `tmpshellctl setup --from` puts them
# in place when a package is configured, by rename and with their capabilities. No
# package manager can do that: dpkg and apk keep no capabilities, and rpm does not know
# which ones the configuration needs. Until then the old ones are in place.
set -eu
export LC_ALL=C TZ=UTC
umask 022

fail() {
	echo "package: $1" >&2
	exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
stage=$(cd "$1" && pwd)
if [ ! -x "$stage/usr/bin/tmpshell" ] || [ ! -x "$stage/usr/libexec/tmpshell-helper" ] ||
	[ -n "$(find "$stage" -mindepth 1 -maxdepth 1 ! -name usr ! -name etc)" ]; then
	fail "packages are made for PREFIX=/usr and /etc alone; for another: make install PREFIX=..."
fi
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
: "${VERSION:?}" "${GOARCH:?}" "${SOURCE_DATE_EPOCH:?}"
export VERSION GOARCH SOURCE_DATE_EPOCH
# What nfpm knows as arm is no architecture of Debian's or Alpine's; Go's is ARMv7.
case $GOARCH in
arm) NFPM_ARCH=arm7 ;;
*) NFPM_ARCH=$GOARCH ;;
esac
export NFPM_ARCH

work=$(mktemp -d) # not below $out: rpmbuild has no blanks in its paths
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
cd "$work"

# settle DIRECTORY: modes and times of files that a umask and a clock have made, that of the
# checkout included.
settle() {
	find "$1" -type d -exec chmod 755 {} +
	find "$1" -type f -perm -u=x -exec chmod 755 {} +
	find "$1" -type f ! -perm -u=x -exec chmod 644 {} +
	find "$1" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
}

# shipped TREE: the stage, with the programs where setup takes them from.
shipped() {
	cp -R "$stage" "$1"
	mkdir -p "$1/usr/lib/tmpshell"
	rm "$1/usr/libexec/tmpshell-session" # the same as tmpshell
	mv "$1"/usr/bin/* "$1"/usr/libexec/* "$1/usr/lib/tmpshell"
	rmdir "$1/usr/bin" "$1/usr/libexec"
	chmod 755 "$1"/usr/lib/tmpshell/*
}

# with_nfpm FORMAT TREE: what is below /etc is the administrator's. apk has one line of
# description, and Debian no field for a licence. Each file is listed: what nfpm makes of
# a tree has directories of a mode that apk takes for a damaged package. Nor has apk a '+'
# in a version: commits since the tag are _pN.
with_nfpm() {
	version=$VERSION
	case $1 in
	apk)
		version=$(echo "$VERSION" | sed 's/-/_/; s/+\([0-9]*\).*/_p\1/')
		sed '/^description: /,/^license: /{/^  /!d; s/^  \(private\)/description: \1/; /^  /d}; 1i license: ISC\nversion_schema: none' "$here/nfpm.yaml"
		;;
	deb) sed '/^license: /d' "$here/nfpm.yaml" ;;
	esac >"$1.yaml"
	find "$2/etc" -type f | sort | sed "s|^$2\(.*\)|  - {src: '&', dst: '\1', type: 'config\|noreplace'}|" >>"$1.yaml"
	find "$2/etc" -type f | grep -q . || fail "no configuration in the stage"
	find "$2/usr" -type f | sort | sed "s|^$2\(.*\)|  - {src: '&', dst: '\1'}|" >>"$1.yaml"
	mkdir -p "$1"
	cp "$here/$1"/* "$1/"
	chmod 755 "$1"/*
	settle "$1"
	VERSION=$version "${NFPM:?}" package --config "$1.yaml" --packager "$1" --target "$out" >"$1.log" || { cat "$1.log" >&2; fail "nfpm failed"; }
}

make_deb() {
	shipped deb-tree
	doc=deb-tree/usr/share/doc/tmpshell
	mkdir -p deb-tree/usr/share/lintian/overrides deb-tree/usr/share/zsh
	[ ! -d deb-tree/usr/share/zsh/site-functions ] || mv deb-tree/usr/share/zsh/site-functions deb-tree/usr/share/zsh/vendor-completions
	cp "$here/lintian-overrides" deb-tree/usr/share/lintian/overrides/tmpshell
	{ cat "$here/copyright"; sed '1,2d; s/^$/./; s/^/ /' "$doc/LICENSE"; } >$doc/copyright
	rm $doc/LICENSE
	gzip -9n <$doc/CHANGELOG.md >$doc/changelog.gz
	rm $doc/CHANGELOG.md
	printf 'tmpshell (%s-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- %s  %s\n' "$VERSION" \
		"$(sed -n 's/^maintainer: //p' "$here/nfpm.yaml")" "$(date -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >$doc/changelog.Debian.gz
	find deb-tree/usr/share/man -type f -exec gzip -9n {} +
	settle deb-tree
	with_nfpm deb deb-tree
}

make_apk() {
	shipped apk-tree
	rm -rf apk-tree/usr/lib/systemd
	settle apk-tree
	with_nfpm apk apk-tree
}

# What setup puts in place is listed with %ghost: the package owns it, and rpm -V
# and rpm --setcaps know its capabilities.
make_rpm() {
	shipped rpm-tree
	case $GOARCH in
	amd64) cpu=x86_64 ;;
	arm64) cpu=aarch64 ;;
	386) cpu=i686 ;;
	arm) cpu=armv7hl ;;
	loong64) cpu=loongarch64 ;;
	*) cpu=$GOARCH ;;
	esac
	{
		find rpm-tree/etc -type f | sort | sed 's|^rpm-tree|%config(noreplace) |'
		find rpm-tree/usr -type f ! -path '*/doc/*' ! -path '*/man/*' | sort | sed 's|^rpm-tree||'
		find rpm-tree/usr -type d -name '*tmpshell*' ! -path '*/doc/*' | sort | sed 's|^rpm-tree|%dir |'
		echo '%docdir /usr/share/doc/tmpshell'
		echo '/usr/share/doc/tmpshell'
		find rpm-tree/usr/share/man -type f | sort | sed 's|^rpm-tree\(.*\)|\1*|'
		for p in $(cd "$stage" && find usr/bin usr/libexec -type f | sort); do
			mkdir -p "rpm-tree/${p%/*}"
			: >"rpm-tree/$p"
			case $p in
			*-session | *-remover) echo "%ghost %attr(0711,root,root) %verify(not caps) /$p" ;;
			*-helper) echo "%ghost %attr(0711,root,root) %caps(cap_dac_override,cap_setgid,cap_setuid=p) /$p" ;;
			*ctl) echo "%ghost %attr(0755,root,root) /$p" ;;
			*) echo "%ghost %attr(0711,root,root) /$p" ;;
			esac
		done
	} >files
	settle rpm-tree
	cp "$here/tmpshell.spec" .
	# No '-' in a version of rpm's; '~' is before a release.
	rpmbuild -bb --quiet --target "$cpu-linux" \
		--define "_topdir $work/rpm" --define "_rpmdir $work/rpm" --define '_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm' \
		--define "tree $work/rpm-tree" --define "filelist $work/files" --define "version $(echo "$VERSION" | tr - '~')" \
		--define "_buildhost localhost" --define "_tmppath $work" \
		tmpshell.spec >rpm.log 2>&1 || { cat rpm.log >&2; fail "rpmbuild failed"; }
	mv rpm/*.rpm "$out"
}

# An archive for every other machine: its install.sh needs neither Go nor make.
make_tar() {
	name=tmpshell-$VERSION-linux-$GOARCH
	mkdir "$name"
	shipped "$name/files"
	cp "$stage/usr/share/doc/tmpshell/README.md" "$stage/usr/share/doc/tmpshell/LICENSE" "$name"
	cp "$here/install.sh" "$name"
	settle "$name"
	find "$name" | sort | tar --create --no-recursion --files-from=- --owner=0 --group=0 --numeric-owner \
		--mode=go-w --format=ustar --mtime="@$SOURCE_DATE_EPOCH" | gzip -9n >"$out/$name.tar.gz"
}

for format; do
	case $format in
	deb | apk | rpm | tar) "make_$format" ;;
	*) fail "unknown format $format" ;;
	esac
done
