package e2e

import (
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/view"
)

// takeover is what mallory tries with the directory of a session.
const takeover = `exec 2>/dev/null; umask 0; cd /tmp; chmod 777 .private; rm -rf .private/1000 .private; mv .private .was; mv .private/1000 .private/was; mkdir -p .private/1000; mv .private-1000 .was2; mkdir .private-1000; touch .private/1000/mine .private-1000/mine; true`

// TestAttackNames: names that are taken before the first login.
func TestAttackNames(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setfacl", "python3")
	s := newScene(t, methodEnv)
	table := attack.Table{Title: "names"}
	for _, a := range []attempt{
		{name: "the base: a directory", before: "mkdir -m 777 /tmp/.private", after: takeover},
		{name: "the base: with the user's directory in it", before: "mkdir -m 777 /tmp/.private /tmp/.private/1000", after: takeover},
		{name: "the base: with a link in it", before: "mkdir -m 777 /tmp/.private; ln -s /home/mallory/open /tmp/.private/1000"},
		{name: "the base: with a link to root's in it", before: "mkdir -m 777 /tmp/.private; ln -s /etc /tmp/.private/1000"},
		{name: "the base: a symbolic link to her own", before: "ln -s /home/mallory/open /tmp/.private", after: takeover},
		{name: "the base: a symbolic link to root's", before: "ln -s /etc /tmp/.private"},
		{name: "the base: a dangling link", before: "ln -s /etc/tmpshell.made /tmp/.private"},
		{name: "the base: a hard link", root: "umask 0; echo board >/tmp/board", before: "ln /tmp/board /tmp/.private"},
		{name: "the base: a FIFO", before: "mkfifo -m 666 /tmp/.private"},
		{name: "the base: a socket", before: `python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("/tmp/.private")'`},
		{name: "the base: a device", root: "mknod -m 666 /tmp/.private c 1 3"},
		{name: "the base: a regular file", before: "echo mine >/tmp/.private"},
		{name: "the base: root's, and open to all", root: "mkdir -m 777 /tmp/.private", after: takeover},
		{name: "the base: root's, of another group", root: "mkdir -m 771 /tmp/.private; chgrp mallory /tmp/.private", after: "cd /tmp/.private && mv 1000 was && mkdir -m 777 1000"},
		{name: "the base: root's, with an ACL", root: "mkdir -m 711 /tmp/.private; setfacl -m u:mallory:rwx,d:u:mallory:rwx /tmp/.private", after: "cd /tmp/.private && mv 1000 was && mkdir -m 777 1000"},
		{name: "the base: a default ACL on /tmp", root: "setfacl -d -m u:mallory:rwx,m:rwx /tmp", after: "cd /tmp/.private && mv 1000 was && mkdir -m 777 1000"},
		{name: "the user's: another's directory", root: "mkdir -m 711 /tmp/.private; install -d -m 777 -o mallory /tmp/.private/1000"},
		{name: "the user's: a symbolic link", root: "mkdir -m 711 /tmp/.private; ln -s /home/mallory/open /tmp/.private/1000"},
		{name: "the user's: a link of their own to root's", root: "mkdir -m 711 /tmp/.private; ln -s /etc /tmp/.private/1000; chown -h alice /tmp/.private/1000"},
		{name: "the user's: a FIFO", root: "mkdir -m 711 /tmp/.private; mkfifo -m 666 /tmp/.private/1000; chown mallory /tmp/.private/1000"},
		{name: "the user's: root's", root: "mkdir -m 711 /tmp/.private; mkdir -m 777 /tmp/.private/1000"},
		{name: "the user's: a wrong mode", root: "mkdir -m 711 /tmp/.private; install -d -m 777 -o alice -g alice /tmp/.private/1000"},
		{name: "/tmp is not sticky", root: "chmod 777 /tmp", after: takeover, end: attack.Without, clears: "chmod 1777 /tmp; rm -rf /tmp/.private*"},
		{name: "/tmp is another's", root: "chown mallory /tmp", after: takeover, end: attack.Without, clears: "chown root /tmp; rm -rf /tmp/.private*"},
	} {
		variation := a
		variation.name = ""
		s.attacks(t, &table, a.name, variation)
	}
	view.Tell(table.String())
}
