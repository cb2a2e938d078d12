#!/bin/sh
# Has rpc.gssd(8) look for the tickets of sessions, for a file system that is mounted with
# sec=krb5. It runs in a guest, and not in a view: a view could not end before that file
# system is unmounted, which needs the daemons. It prints what it finds,
# "gssd: WHAT: RESULT", which gssd.go judges.
set -eu
session=/tests/e2e/kernels/gssd-session.sh

# As make install does.
install -m 755 /tests/bin/tmpshellctl /usr/bin
install -m 711 /tests/bin/tmpshell-helper /tests/bin/tmpshell-supervise /tests/bin/tmpshell-remover /usr/libexec
install -m 711 /tests/bin/tmpshell /usr/libexec/tmpshell-session
install -m 711 /tests/bin/tmpshell /usr/bin
ln -s tmpshell /usr/bin/tmpshell-bash
useradd -m -u 1000 -s /bin/bash plain
for user in env mount tmpfs; do useradd -m -s /usr/bin/tmpshell-bash $user; done
printf 'Match User mount\nDirectory /tmp mount\nMatch User tmpfs\nDirectory /tmp tmpfs\n' >/etc/tmpshell.conf
tmpshellctl setup >/dev/null

echo '127.0.0.1 guest localhost' >/etc/hosts
krb5_conf() { # CACHE
	cat >/etc/krb5.conf <<-EOF
		[libdefaults]
			default_realm = E2E
			dns_lookup_kdc = false
			dns_lookup_realm = false
			dns_canonicalize_hostname = false
			clockskew = 1
			default_ccache_name = $1
		[realms]
			E2E = {
				kdc = 127.0.0.1:8888
			}
	EOF
}
krb5_conf MEMORY:
cat >/etc/krb5kdc/kdc.conf <<-EOF
	[kdcdefaults]
		kdc_listen = 127.0.0.1:8888
		kdc_tcp_listen = 127.0.0.1:8888
	[realms]
		E2E = {
			database_name = /var/lib/krb5kdc/principal
			key_stash_file = /var/lib/krb5kdc/stash
		}
EOF
printf '[General]\nDomain = e2e\nLocal-Realms = E2E\n' >/etc/idmapd.conf
kdb5_util create -r E2E -s -P master >/dev/null
{
	echo modprinc -maxrenewlife 1d krbtgt/E2E
	for user in plain env mount tmpfs; do echo "addprinc -clearpolicy -maxrenewlife 1d -pw secret $user"; done
	echo addprinc -clearpolicy -randkey nfs/guest
	echo ktadd nfs/guest
} | kadmin.local >/dev/null
mount -t tmpfs -o mode=755 exported /srv
for user in plain env mount tmpfs; do
	install -d -m 700 -o $user /srv/$user
	install -d -m 700 -o $user "/run/user/$(id -u $user)" # as a login manager does
done
krb5kdc
/usr/sbin/kcm --detach

modprobe -a nfsd nfsv4 rpcsec_gss_krb5
mkdir -p /run/rpc_pipefs
mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs
mount -t nfsd nfsd /proc/fs/nfsd
echo 10 >/proc/fs/nfsd/nfsv4leasetime
echo 10 >/proc/fs/nfsd/nfsv4gracetime
echo '/srv *(rw,sec=krb5,fsid=0,no_subtree_check)' >/etc/exports
exportfs -ra
rpc.svcgssd
rpc.mountd -N 3
rpc.gssd -t 3 # the kernel asks again after 3 s
rpc.nfsd -N 3 -H 127.0.0.1 1
mount -t nfs4 -o sec=krb5 guest:/ /mnt

# As the package would have it for all services: see fetch.sh.
sed -i 's/^@include common-auth/auth sufficient pam_krb5.so\n&/; s/^@include common-session/&\nsession optional pam_krb5.so/' /etc/pam.d/su

outside() { # USER COMMAND...
	as=$1
	shift
	setpriv --reuid "$as" --regid "$(id -g "$as")" --init-groups env HOME=/home/"$as" USER="$as" "$@"
}
for cache in 'KEYRING:persistent:%{uid}' KCM: 'FILE:/run/user/%{uid}/krb5cc' 'FILE:/tmp/krb5cc_%{uid}'; do
	krb5_conf "$cache"
	for user in plain env mount tmpfs; do
		outside "$user" sh $session "$cache, $user" none
		echo secret | outside "$user" kinit -l 1m -r 1h >/dev/null
		su - "$user" -c "sh $session '$cache, $user'"
		outside "$user" kdestroy 2>/dev/null || : # there is none any more
	done
done
# What makes the first ticket, and sets KRB5CCNAME, has an option of its own.
for cache in '' KEYRING:persistent:%u; do
	krb5_conf 'KEYRING:persistent:%{uid}'
	cat >>/etc/krb5.conf <<-EOF
		[appdefaults]
			pam = {
				ticket_lifetime = 1m
				renew_lifetime = 1h
				${cache:+ccache = $cache}
			}
	EOF
	for user in plain env mount tmpfs; do
		name="pam_krb5${cache:+, $cache}, $user"
		outside "$user" sh $session "$name" none
		# By somebody who is asked for the password.
		echo secret | outside nobody su - "$user" -c "sh $session '$name'" 2>/dev/null
	done
done
