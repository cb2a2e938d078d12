package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tmpshell/e2e/rig"
)

// transfers moves a file to the account and back, in every way that OpenSSH
// has. A single byte too much on stdout breaks each of them.
func transfers(t *testing.T, a *rig.Account) {
	content := bytes.Repeat([]byte("\x00\xff some text \r\n"), 50_000)
	local := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(local, content, 0o644); err != nil {
		t.Fatal(err)
	}
	check := func(t *testing.T, r rig.Result, path string) {
		t.Helper()
		if r.Status != 0 || r.Stderr != "" {
			t.Errorf("status %d, stderr: %s", r.Status, r.Stderr)
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v; want the %d that were sent", path, len(got), err, len(content))
		}
	}
	for _, way := range []struct{ name, option string }{{"scp over sftp", "-s"}, {"scp -O", "-O"}} {
		t.Run(way.name, func(t *testing.T) {
			up, down := a.Home+"/up"+way.option, filepath.Join(t.TempDir(), "down")
			check(t, rig.SCP(way.option, local, rig.Host(a)+":"+up).Run(t), up)
			check(t, rig.SCP(way.option, rig.Host(a)+":"+up, down).Run(t), down)
		})
	}
	t.Run("sftp", func(t *testing.T) {
		down := filepath.Join(t.TempDir(), "down")
		c := rig.SFTP(a)
		c.Stdin = "put " + local + " by-sftp\nget by-sftp " + down + "\n"
		r := c.Run(t)
		check(t, r, a.Home+"/by-sftp")
		check(t, r, down)
	})
	t.Run("rsync", func(t *testing.T) {
		r := command("rsync", "-e", rig.SSHShell(), local, rig.Host(a)+":by-rsync").Run(t)
		check(t, r, a.Home+"/by-rsync")
	})
}
