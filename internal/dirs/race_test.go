package dirs

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/caps"
	"tmpshell/internal/sample"
	"tmpshell/internal/testas"
)

// racers is how many users log in at the same moment.
const racers = 8

// Many users' first logins at once, in a place that bob has squatted: every one
// of them must end with his directory in the one base that stays.
func TestMakeTogether(t *testing.T) {
	if testas.Inside() != "" {
		insideMake(t)
		return
	}
	rounds := 4
	switch {
	case sample.All():
		rounds = 25
	case testing.Short():
		rounds = 1
	}
	for range rounds {
		dir := shared(t)
		must(t, os.Mkdir(dir+"/.private", 0o711))
		must(t, os.Chown(dir+"/.private", bob, bob))
		var all sync.WaitGroup
		for i := range racers {
			all.Go(func() {
				makeAs(t, alice+uint32(i), dir)
			})
		}
		all.Wait()
		for i := range racers {
			uid := uint32(alice + i)
			wantDir(t, dir+"/.private/"+strconv.Itoa(alice+i), uid, uid, 0o700)
		}
		if t.Failed() {
			return
		}
	}
}

// An attacker who makes, links, renames and removes the name of the base at full
// speed, while alice logs in again and again. Whatever the outcome, alice's
// directory is hers, in a base that is root's, or there is none; and nothing
// outside has changed hands.
func TestMakeAgainstRace(t *testing.T) {
	switch testas.Inside() {
	case "attack":
		attack(testas.Dir())
		return
	case "login":
		m := Maker{UID: alice, Notice: func(text string) { t.Log("notice:", text) }}
		err := makeIt(m)
		if err != nil { // the attacker had the last word
			t.Error(err)
		}
		if err == nil {
			err = Verify(Private(testas.Dir()), alice)
		}
		if err == nil {
			t.Log("made")
		}
		return
	}
	// Until so many logins have met the attacker, and so many have not.
	logins, enough := 150, 8
	switch {
	case sample.All():
		enough = logins
	case testing.Short():
		enough = 1
	}
	dir := shared(t)
	victim := t.TempDir() // root's; what a followed link would change
	must(t, os.Chmod(filepath.Dir(victim), 0o755))
	must(t, os.Chmod(victim, 0o755))
	c := testas.Command(t, testas.User{UID: bob}, "attack", dir)
	c.Env = append(c.Env, "VICTIM="+victim)
	must(t, c.Start())
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	made, met, tried := 0, 0, 0
	for ; tried < logins && (made < enough || met < enough); tried++ {
		out, err := testas.Command(t, testas.User{UID: alice, Caps: caps.Helper}, "login", dir).CombinedOutput()
		if err != nil {
			if _, exit := err.(*exec.ExitError); !exit {
				t.Fatal(err)
			}
		}
		if err != nil || strings.Contains(string(out), "notice:") {
			met++
		}
		if strings.Contains(string(out), "made") {
			made++
			wantDir(t, dir+"/.private", 0, 0, 0o711)
			wantDir(t, dir+"/.private/61001", alice, alice, 0o700)
		}
		// Away with it, so that the next login races again.
		_ = filepath.WalkDir(dir, thaw)
		_ = os.Rename(dir+"/.private", dir+"/done-"+strconv.Itoa(made))
	}
	var st unix.Stat_t
	must(t, unix.Stat(victim, &st))
	if st.Uid != 0 || st.Mode&0o7777 != 0o755 {
		t.Errorf("the attacker's target is now %d %o", st.Uid, st.Mode)
	}
	if left, _ := os.ReadDir(victim); len(left) > 0 {
		t.Errorf("the attacker's target has %v in it", left)
	}
	t.Logf("%d of %d logins had their directory at once, %d met the attacker", made, tried, met)
	if met == 0 {
		t.Error("no login has met the attacker: it shows nothing")
	}
	if made == 0 {
		t.Error("no login had its directory: the attack is a denial of service")
	}
}

// attack runs until it is killed, which the end of its parent does, too.
func attack(dir string) {
	base, spare, victim := dir+"/.private", dir+"/spare", os.Getenv("VICTIM")
	for {
		_ = os.Mkdir(base, 0o777)
		_ = os.Mkdir(base+"/61001", 0o777)
		_ = os.Symlink(victim, spare)
		_ = unix.Renameat2(-1, spare, -1, base, unix.RENAME_EXCHANGE)
		_ = unix.Renameat2(-1, spare, -1, base, unix.RENAME_EXCHANGE)
		_ = os.Symlink(victim, base+"/61001")
		_ = os.Remove(base + "/61001")
		_ = os.Remove(base)
		_ = os.Remove(spare)
		_ = os.Symlink(victim, base)
		_ = os.Remove(base)
		squats, _ := filepath.Glob(dir + "/.private.squatted-*")
		for _, s := range squats {
			_ = os.RemoveAll(s)
		}
	}
}
