#!/bin/sh
# What a user reaches with their tickets, of a file system that is mounted with sec=krb5:
#
#	gssd-session.sh NAME       in a session that lives on tickets of a minute, and begins
#	                           with one
#	gssd-session.sh NAME none  without any
exec 2>&1
name=$1 tickets=${2-}
made=$(date +%s)
say() { echo "gssd: $name, $*"; }
reaches() { # WHEN
	# The kernel keeps for 3 s what rpc.gssd -t 3 has said, and for 5 s that a ticket
	# has expired. What is read may come from its memory: what is made does not.
	sleep 6
	said=$(mkdir "/mnt/$USER/$(date +%s)" 2>&1) && said=reached
	case $said in *': Permission denied' | *': Key has expired') said=denied ;; esac
	say "$1: $said"
}
works() { # WHAT COMMAND...
	what=$1
	shift
	if said=$("$@" 2>&1); then say "$what: works"; else say "$what: fails, $said"; fi
}
await() { # SECONDS of the epoch
	while left=$(($1 - $(date +%s))) && [ $left -ge 0 ]; do sleep $((left + 1)); done
}
password() { echo secret | kinit -l 1m -r 1h; }

if [ "$tickets" = none ]; then
	reaches 'no ticket'
	exit
fi
say "directory: ${TMPDIR-none}, /tmp is $(findmnt -n -o SOURCE /tmp || echo shared)"
reaches 'from outside'
await $((made + 30))
works 'kinit -R' kinit -R
renewed=$(date +%s)
await $((made + 60))
reaches 'renewed inside'
await $((renewed + 60))
reaches expired
works kinit password
reaches 'made inside'
works kdestroy kdestroy
reaches destroyed
