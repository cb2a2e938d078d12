package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestAttackCaller: what alice herself can do to a program with privilege that
// she starts, and what she can be led to inherit.
func TestAttackCaller(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	s := newScene(t, methodEnv)
	as(t, s.alice, `mkdir /home/alice/bin /home/alice/shut; chmod 0 /home/alice/shut
		printf '#!/bin/bash -p\ntouch /root/taken\n' >/home/alice/bin/logger; chmod 755 /home/alice/bin/logger
		cp /home/alice/bin/logger /home/alice/bin/tmpshell-helper; mkfifo /home/alice/fifo`)
	env := func(name string, list ...string) attempt { return attempt{name: name, env: list} }
	wrap := func(name, script string) attempt { return attempt{name: name, wrap: script} }
	helper := func(a attempt) attempt {
		a.name, a.helper = "helper: "+a.name, true
		return a
	}
	var large []string
	for range 12 {
		large = append(large, "LARGE="+strings.Repeat("x", 100_000))
	}
	small := func(option, n string) attempt {
		return helper(wrap("ulimit "+option+" "+n, `ulimit `+option+` `+n+`; exec "$@"`))
	}
	const evil = "/home/alice/bin"
	table := attack.Table{Title: "the caller"}
	s.attacks(t, &table, "environment",
		env("PATH", "PATH="+evil+":/usr/bin:/bin"),
		helper(env("PATH", "PATH="+evil+":/usr/bin:/bin")),
		env("TMPDIR of another", "TMPDIR=/home/mallory/open"),
		env("loader", "LD_PRELOAD="+evil+"/logger", "LD_LIBRARY_PATH="+evil, "LD_AUDIT="+evil+"/logger", "GCONV_PATH="+evil, "LOCPATH="+evil, "BASH_ENV="+evil+"/logger", "ENV="+evil+"/logger"),
		env("runtime", "GODEBUG=inittrace=1,schedtrace=1,gctrace=1,madvdontneed=1", "GOTRACEBACK=crash", "GOGC=1", "GOMAXPROCS=1000", "GOMEMLIMIT=1", "GOROOT="+evil, "GOCOVERDIR=/etc"),
		env("names", "TMPSHELL_CONF=/home/mallory/conf", "TMPSHELL_HELPER="+evil+"/tmpshell-helper", "HOME=/root", "USER=root", "LOGNAME=root", "UID=0", "SUDO_UID=0"),
		env("large", large...),
	)
	s.attacks(t, &table, "arguments",
		helper(attempt{name: "another user and place", args: []string{"-u", "1666", "-d", "/etc"}}),
		helper(attempt{name: "many", args: strings.Fields(strings.Repeat("-d /root ", 1000))}),
		helper(wrap("a name of several lines", `exec -a "$(printf "x\nCannot\n%1000s" y)" "$@"`)),
		helper(wrap("an empty name", `exec -a "" "$@"`)),
	)
	s.attacks(t, &table, "descriptors",
		helper(wrap("2 closed", `exec -a "root::0:0:::" "$@" 2>&-`)),
		helper(wrap("0 to 2 closed", `exec -a "root::0:0:::" "$@" <&- >&- 2>&-`)),
		helper(wrap("0 to 2 are files", `exec "$@" </etc/passwd 1<>/home/alice/fifo 2<>/home/alice/fifo`)),
		wrap("0 and 2 closed", `exec "$@" <&- >/home/alice/output 2>&-`),
		wrap("2 is passwd, to read", `exec "$@" 2</etc/passwd`),
		wrap("0 is a directory", `exec "$@" </`),
		helper(wrap("500 open", `for i in {20..520}; do eval "exec $i</etc/passwd"; done; exec "$@"`)),
		small("-n", "3"), small("-n", "4"), small("-n", "5"), small("-n", "6"), small("-n", "8"), small("-n", "10"),
	)
	s.attacks(t, &table, "limits, umask and working directory",
		attempt{name: "umask 0", wrap: `umask 0; exec "$@"`, after: takeover},
		wrap("umask 777", `umask 777; exec "$@"`),
		helper(wrap("umask 777", `umask 777; exec "$@"`)),
		// With deny, the policy has to be written anew, and cannot be.
		attempt{name: "no file size", wrap: `ulimit -f 0; exec "$@"`, noDeny: true},
		small("-f", "0"), small("-u", "1"), small("-v", "100000"), small("-d", "1000"), small("-s", "64"), small("-c", "unlimited"), small("-l", "0"), small("-t", "1"),
		wrap("a directory that is gone", `mkdir /home/alice/gone; cd /home/alice/gone; rmdir /home/alice/gone; exec "$@"`),
		wrap("a directory that cannot be searched", `chmod 700 /home/alice/shut; cd /home/alice/shut; chmod 0 .; exec "$@"`),
		wrap("signals ignored", `trap "" CHLD PIPE TERM HUP INT; exec "$@"`),
	)
	view.Tell(table.String())
}

// TestAttackConfiguration: what takes the place of /etc/tmpshell.conf.
func TestAttackConfiguration(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	s := newScene(t)
	const conf = rig.Conf
	const evil = `printf 'Directory /etc env\nSetEnv TMPDIR=/home/mallory/open\nOnFailure deny\nShell /home/mallory/shell\nExempt alice\n' `
	table := attack.Table{Title: "configuration"}
	as(t, s.mallory, evil+">/home/mallory/conf")
	for _, a := range []attempt{
		{name: "of another user", root: "rm -rf " + conf + "; " + evil + ">" + conf + "; chown mallory " + conf},
		{name: "writable by others", root: "rm -rf " + conf + "; " + evil + ">" + conf + "; chmod 666 " + conf},
		{name: "a link to another user's", root: "rm -rf " + conf + "; ln -s /home/mallory/conf " + conf},
		{name: "a FIFO", root: "rm -rf " + conf + "; mkfifo -m 644 " + conf},
		{name: "includes another user's", root: "rm -rf " + conf + "; " + evil + ">" + conf + "; echo Include /home/mallory/conf >>" + conf},
		{name: "binary and huge", root: "rm -rf " + conf + "; { " + evil + "; head -c 3000000 /dev/urandom; } >" + conf},
	} {
		variation := a
		variation.name = ""
		variation.clears = "rm -rf " + conf
		variation.noDeny, variation.named = true, true
		s.attacks(t, &table, a.name, variation)
	}
	view.Tell(table.String())
}
