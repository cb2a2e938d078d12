package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
	"tmpshell/internal/sample"
)

// TestRun0 boots newer systems than the machine's, which have run0(1).
func TestRun0(t *testing.T)    { run0(t, "trixie-systemd") }
func TestRun0Sid(t *testing.T) { run0(t, "sid-systemd") }

func run0(t *testing.T, root string) {
	if !sample.All() {
		t.Skip("with TMPSHELL_ALL=1 alone: two more systems have to be made")
	}
	if !view.EnterWithCgroup(t) {
		return
	}
	archive := filepath.Join(cleanRoots, root+".tar")
	if _, err := os.Stat(archive); err != nil {
		view.Missing(t, fmt.Sprint(err, ": run e2e/roots.sh run0"))
	}
	bin, err := view.Binaries()
	if err != nil {
		t.Fatal(err)
	}
	const dir = "/mnt"
	rig.Must(t, "sh", "-ec", `
		mount -t tmpfs -o mode=755 root $1
		tar -C $1 -xf "$2" --exclude='./dev/*'
		mount --rbind /dev $1/dev
		mount --rbind /sys $1/sys
		mkdir -p $1/usr/libexec $1/home/alice $1/home/mount
		cp "$3/tmpshellctl" $1/usr/bin
		install -m 711 "$3/tmpshell" $1/usr/bin
		install -m 711 "$3/tmpshell" $1/usr/libexec/tmpshell-session
		for p in helper supervise remover; do cp "$3/tmpshell-$p" $1/usr/libexec; done
		ln -s tmpshell $1/usr/bin/tmpshell-zsh
		printf 'alice:x:1000:1000::/home/alice:/usr/bin/tmpshell-zsh\nmount:x:1001:1001::/home/mount:/usr/bin/tmpshell\n' >>$1/etc/passwd
		printf 'alice:x:1000:\nmount:x:1001:\n' >>$1/etc/group
		printf 'alice:*:19000:0:99999:7:::\nmount:*:19000:0:99999:7:::\n' >>$1/etc/shadow
		printf 'Match User mount\n Directory /tmp mount\n' >$1/etc/tmpshell.conf
		chown 1000:1000 $1/home/alice; chown 1001:1001 $1/home/mount
		: >$1/home/alice/.zshrc`, "sh", dir, archive, bin)
	m := rig.BootRoot(t, dir)
	if r := m.Sh("tmpshellctl setup"); r.Status != 0 {
		t.Fatalf("setup: %+v", r)
	}
	version := strings.Fields(m.Sh("systemctl --version").Stdout)[1]
	const look = `echo $0 $SHELL ${TMPDIR-unset}`
	type row struct{ command, want string }
	rows := []row{
		// A program is run as it is, by no shell.
		{"run0 --user=alice sh -c '" + look + "'", "/usr/bin/sh /usr/bin/tmpshell-zsh unset\n"},
		{"run0 --user=alice tmpshell --exec -- sh -c '" + look + "'", "sh /usr/bin/tmpshell-zsh /tmp/.private/1000\n"},
		// The shell is the caller's, whoever the target is.
		{"echo '" + look + "' | SHELL=/bin/bash run0 --user=alice", "-/bin/bash /bin/bash unset\n"},
		{"echo '" + look + "' | SHELL=/usr/bin/tmpshell run0 --user=alice", "-/bin/bash /bin/bash /tmp/.private/1000\n"},
		{"echo '" + look + "' | SHELL=/usr/bin/tmpshell-zsh run0 --user=alice", "-/bin/zsh /bin/zsh /tmp/.private/1000\n"},
		{"echo '" + look + "; touch /tmp/mine' | SHELL=/usr/bin/tmpshell run0 --user=mount; ls /tmp/mine", "-/bin/bash /bin/bash /tmp\n"},
	}
	if strings.Contains(m.Sh("run0 --help").Stdout, "--via-shell") {
		// The target's login shell, which gets the words as one command line.
		rows = append(rows, row{"run0 --user=alice --via-shell '" + look + "'", "-/bin/zsh /bin/zsh /tmp/.private/1000\n"},
			row{"run0 --user=mount --via-shell '" + look + "; touch /tmp/mine'; ls /tmp/mine", "-/bin/bash /bin/bash /tmp\n"},
			row{"echo '" + look + "' | run0 --user=alice --via-shell", "-/bin/zsh /bin/zsh /tmp/.private/1000\n"})
	}
	var told strings.Builder
	fmt.Fprintf(&told, "run0 of systemd %s\n", version)
	for _, row := range rows {
		verdict := "as expected"
		if r := m.Sh(row.command); r.Stdout != row.want {
			t.Errorf("%s: %q, %q; want %q", row.command, r.Stdout, r.Stderr, row.want)
			verdict = "other"
		}
		fmt.Fprintf(&told, "  %-100s %s\n", row.command, verdict)
	}
	view.Tell(told.String())
}
