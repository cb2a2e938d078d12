//go:build bench

package e2e

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// atMost cuts the sizes of the tests of scale, for a try: BENCH_SCALE=100.
func atMost(n int) int {
	if most, err := strconv.Atoi(os.Getenv(view.KeptVars + "BENCH_SCALE")); err == nil {
		return min(n, most)
	}
	return n
}

// people puts so many accounts into the account files at once: uid firstUID + i.
func people(t *testing.T, n int) []*rig.Account {
	t.Helper()
	list := make([]*rig.Account, n)
	var passwd, group strings.Builder
	for i := range list {
		uid := uint32(firstUID + i)
		list[i] = &rig.Account{Name: fmt.Sprintf("u%d", uid), UID: uid, GID: uid, Home: "/home", Shell: rig.Tmpshell}
		fmt.Fprintf(&passwd, "u%d:x:%[1]d:%[1]d::/home:%s\n", uid, rig.Tmpshell)
		fmt.Fprintf(&group, "u%d:x:%[1]d:\n", uid)
	}
	for file, text := range map[string]string{"/etc/passwd": passwd.String(), "/etc/group": group.String()} {
		f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(text)
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// TestScaleLogins has a thousand logins begin at the same moment: each is a process
// that waits for the end of one pipe, and then becomes tmpshell.
func TestScaleLogins(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	n := atMost(1000)
	users := people(t, n)
	rig.Install(t)
	one := users[:1]
	text := fmt.Sprintf("%d logins at once, method env: all must have a directory of their own, and say nothing.\n\n| | time of all, s | processor, ms each | wrong |\n| --- | ---: | ---: | ---: |\n", n)
	for _, c := range []struct {
		name   string
		users  []*rig.Account
		before string
	}{
		{"bash alone, different users", users, ""},
		{"the same user", one, ""},
		{"different users, first logins, no base and no policy", users, "rm -rf /tmp/.private " + rig.Policy},
		{"different users", users, ""},
	} {
		rig.Must(t, "sh", "-c", c.before)
		program := rig.Tmpshell
		if strings.HasPrefix(c.name, "bash") {
			program = "/bin/bash"
		}
		took, processor, wrong := together(t, n, c.users, program)
		text += fmt.Sprintf("| %s | %.2f | %.2f | %d |\n", c.name, took.Seconds(), processor.Seconds()*1e3/float64(n), wrong)
		if wrong > 0 {
			t.Errorf("%s: %d of %d logins were wrong", c.name, wrong, n)
		}
	}
	publishSection("logins", text, "")
}

// together starts n logins at once. A right one says where TMPDIR is, and nothing
// else; with bash there is none.
func together(t *testing.T, n int, users []*rig.Account, program string) (took, processor time.Duration, wrong int) {
	t.Helper()
	gate, open, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var count sync.Mutex
	for i := range n {
		a := users[i%len(users)]
		cmd := exec.Command("/bin/sh", "-c", `read x; exec "$0" -c 'echo "$TMPDIR"' </dev/null`, program)
		cmd.Stdin, cmd.Env, cmd.Dir = gate, a.Env(), "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.Credential()}
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		want := a.Private() + "\n"
		if program != rig.Tmpshell {
			want = "\n"
		}
		all.Go(func() {
			err := cmd.Wait()
			count.Lock()
			defer count.Unlock()
			processor += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			if err != nil || out.String() != want {
				if wrong++; wrong < 5 {
					t.Logf("%s: %v, %q, want %q", a.Name, err, out.String(), want)
				}
			}
		})
	}
	_ = gate.Close()
	began := time.Now()
	_ = open.Close()
	all.Wait()
	return time.Since(began), processor, wrong
}

// TestScaleAccounts has large account files, a group with four fifths of all, and a
// base with up to 10,000 directories.
func TestScaleAccounts(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	floors(t)
	sizes := []int{atMost(1000), atMost(10000), atMost(100000)}
	passwd, group := read(t, "/etc/passwd"), read(t, "/etc/group")
	commands := []struct{ name, command string }{
		{"tmpshellctl setup (compiles the policy)", rig.Ctl + " setup"},
		{"tmpshellctl check", rig.Ctl + " check"},
		{"tmpshellctl show of one user", rig.Ctl + " show u%d"},
		{"tmpshellctl doctor", rig.Ctl + " doctor"},
		{"tmpshellctl status", rig.Ctl + " status --contained"},
	}
	seconds := map[string][]float64{}
	names := []string{"a login, Match Group and Match User"}
	for _, n := range sizes {
		rig.Write(t, "/etc/passwd", passwd, 0o644)
		rig.Write(t, "/etc/group", group, 0o644)
		users := people(t, n)
		var members []string
		for _, a := range users[n/5:] {
			members = append(members, a.Name)
		}
		rig.AddGroup(t, "large", 700000000, members...)
		last := users[n-1]
		rig.Install(t, "Match Group large", "SetEnv A=b", "Match User u*", "SetEnv B=c")
		last.Groups = []uint32{700000000}
		last.Session(t)
		for _, a := range users[:min(n, 10000)] {
			if err := errors.Join(os.MkdirAll(a.Private(), 0o700), os.Chown(a.Private(), int(a.UID), int(a.GID))); err != nil {
				t.Fatal(err)
			}
		}
		d := measure(t, 31, []row{{name: "bash", uid: int(last.UID), command: shell}, {name: "login", uid: int(last.UID), command: rig.Tmpshell + " -c true"}})
		seconds[names[0]] = append(seconds[names[0]], d.result("login").Added.Mid/1e3)
		for _, c := range commands {
			command := strings.Replace(c.command, "%d", strconv.Itoa(int(last.UID)), 1)
			cmd := exec.Command("/bin/sh", "-c", "exec "+command)
			cmd.Stdout, cmd.Stderr = io.Discard, io.Discard
			began := time.Now()
			var exit *exec.ExitError
			if err := cmd.Run(); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.HasSuffix(command, " doctor")) { // 1: it has found something
				t.Errorf("%s: %v", command, err)
			}
			seconds[c.name] = append(seconds[c.name], time.Since(began).Seconds())
			if !slices.Contains(names, c.name) {
				names = append(names, c.name)
			}
		}
	}
	const million = 1000000
	text := fmt.Sprintf("Seconds, with so many accounts in /etc/passwd, a group with four fifths of them as members, and a directory in the base for each account, %d at most. The last column is a straight line through the two before it: t(n₂) + (t(n₂) − t(n₁)) / (n₂ − n₁) × (1,000,000 − n₂).\n\n"+
		"| | %d | %d | %d | 1,000,000 |\n| --- | ---: | ---: | ---: | ---: |\n", min(sizes[2], 10000), sizes[0], sizes[1], sizes[2])
	for _, name := range names {
		s := seconds[name]
		slope := 0.0
		if sizes[2] > sizes[1] {
			slope = (s[2] - s[1]) / float64(sizes[2]-sizes[1])
		}
		text += fmt.Sprintf("| %s | %.4f | %.4f | %.4f | %.3f + %.3g × %d = %.3f |\n", name, s[0], s[1], s[2], s[2], slope, million-sizes[2], s[2]+slope*float64(million-sizes[2]))
	}
	publishSection("accounts", text, "")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
