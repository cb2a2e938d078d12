package e2e

import (
	"testing"

	"tmpshell/e2e/attack"
	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestAttackFUSE: a file system whose server says whatever mallory likes, on
// names that she has taken. Her server serves others (user_allow_other).
func TestAttackFUSE(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "bindfs", "fusermount3", "mountpoint")
	rig.Must(t, "mknod", "-m", "666", "/dev/fuse", "c", "10", "229")
	rig.Write(t, "/etc/fuse.conf", "user_allow_other\n", 0o644)
	s := newScene(t, methodEnv)
	const pids = "/home/mallory/pids"
	// Whoever looks is told that it is their own.
	serve := func(at string) string {
		return `mkdir -p /home/mallory/src/1000; chmod 777 /home/mallory/src /home/mallory/src/1000; mkdir -m 777 ` + at + `
			bindfs -f -o allow_other --mirror=alice /home/mallory/src ` + at + ` </dev/null >/dev/null 2>&1 & echo $! >>` + pids + `
			until mountpoint -q ` + at + `; do sleep 0.01; done; `
	}
	const (
		base, fallback = "/tmp/.private", "/tmp/.private-1000"

		clear = `for d in ` + base + ` ` + fallback + `; do umount -l $d 2>/dev/null || true; done
			kill -KILL $(cat ` + pids + ` 2>/dev/null) 2>/dev/null || true; rm -rf ` + pids + ` ` + base + `*`
	)
	// Stopped before anybody asks: a question that the server has read, and does
	// not answer, cannot be killed.
	const stop = `pid=$(cat ` + pids + `); kill -STOP $pid
		while grep -qs '^State:.[^T]' /proc/$pid/task/*/status; do sleep 0.01; done`
	table := attack.Table{Title: "FUSE"}
	for _, a := range []attempt{
		{name: "on the base", before: serve(base)},
		{name: "on the base and the fallback", before: serve(base) + serve(fallback)},
		{name: "on the base, and it hangs", before: serve(base) + stop},
	} {
		variation := a
		variation.name = ""
		variation.end, variation.mounted, variation.clears = attack.Fallback, true, clear
		s.attacks(t, &table, a.name, variation)
	}
	view.Tell(table.String())
}
