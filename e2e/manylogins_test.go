package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestManyLoginsAtOnce has fifty sessions begin at the same moment, over an
// sshd that lets so many in, with every shell as the real one. None of the users
// has a directory yet. All must be as one that comes alone to the shell itself.
func TestManyLoginsAtOnce(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "bash", "zsh", "dash", "fish", "busybox")
	addAsh(t)
	rig.Install(t)
	rig.StartSSHD(t, "UsePAM no", "MaxStartups 100:30:200")
	const logins = 50
	const script = `sh -c 'echo "$HOME $USER $0 $#" "$@"; cat; env | grep -c ^TMP' name a "b c"; exit 7`
	login := func(a *rig.Account) rig.Result {
		c := rig.SSH(a)
		c.Stdin, c.Args = "stdin\n", append(c.Args, script)
		return c.Run(t)
	}
	var accounts []*rig.Account
	var want []rig.Result
	for i, s := range realShells {
		a := shellAccount(t, s, firstUID+uint32(i))
		plain := login(a)
		if plain.Status != exitStatus || !strings.Contains(plain.Stdout, "stdin\n0\n") {
			t.Fatalf("%s: a login without tmpshell: %+v", s.name, plain)
		}
		// Of the four variables, TMP and TMPDIR begin with TMP.
		plain.Stdout = strings.Replace(plain.Stdout, "stdin\n0\n", "stdin\n2\n", 1)
		a.SetShell(t, s.tmpshell)
		accounts, want = append(accounts, a), append(want, plain)
	}
	begin := time.Now()
	wrong := 0
	var all sync.WaitGroup
	var count sync.Mutex
	for i := range logins {
		all.Go(func() {
			column := i % len(accounts)
			if got := login(accounts[column]); got != want[column] {
				t.Errorf("login %d, %s: %+v\nwant %+v", i, realShells[column].name, got, want[column])
				count.Lock()
				wrong++
				count.Unlock()
			}
		})
	}
	all.Wait()
	for _, a := range accounts {
		rig.CheckPrivate(t, a)
	}
	view.Tell(fmt.Sprintf("%d logins by ssh at once, in %.1f s: wrong %d\n", logins, time.Since(begin).Seconds(), wrong))
}
