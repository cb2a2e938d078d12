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

// ward is the program that the first process of a container cares for.
const ward = "/usr/local/bin/ward"

// buildWard compiles it.
func buildWard(t *testing.T) {
	t.Helper()
	view.Need(t, "gcc")
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	view.Compile(t, ward, []string{"-static", "-O1", "-Wall", "-Wextra", "-Werror"}, filepath.Join(root, "e2e/ward/ward.c"))
}

// initProgram is one that does what --init does, and how it is asked for it.
type initProgram struct {
	name string
	// plain is how it is called, then those of its options that there are.
	plain, group, remap143, subreaper []string
	stops                             bool // it stops the program itself at SIGTSTP and its like
}

var initPrograms = []initProgram{
	{name: "tmpshell", plain: []string{rig.Tmpshell, "--exec", "--init=grace=1", "--"},
		group:    []string{rig.Tmpshell, "--exec", "--init=group", "--"},
		remap143: []string{rig.Tmpshell, "--exec", "--init=remap=143", "--"}, subreaper: []string{rig.Tmpshell, "--exec", "--init", "--"}},
	{name: "tini", plain: []string{"tini", "--"}, group: []string{"tini", "-g", "--"}, remap143: []string{"tini", "-e", "143", "--"}, subreaper: []string{"tini", "-s", "--"}},
	{name: "dumb-init", plain: []string{"dumb-init", "--single-child", "--"}, group: []string{"dumb-init", "--"}, stops: true},
	{name: "catatonit", plain: []string{"catatonit", "--"}, subreaper: []string{"catatonit", "--"}},
}

// chosenInits are tmpshell, and of the others one that the seed chooses: a container
// costs as much as all that is done in it.
func chosenInits() []initProgram {
	if sample.All() {
		return initPrograms
	}
	return []initProgram{initPrograms[0], initPrograms[1+sample.Seed()%uint64(len(initPrograms)-1)]}
}

// TestInit: what other first processes of containers do, --init does, each on its
// own ground.
func TestInit(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	image := rig.MakeImage(t)
	rig.AddToImage(t, "tini", "dumb-init", "catatonit")
	buildWard(t)
	rig.Must(t, "cp", ward, image+"/usr/bin/ward")
	var table strings.Builder
	fmt.Fprintf(&table, "\n%-12s%-12s%-12s%-14s%-8s%-8s%-8s\n", "as PID 1", "forwards", "codes", "zombies", "group", "remap", "told")
	for _, p := range chosenInits() {
		t.Run(p.name, func(t *testing.T) {
			c := initCell{t, p}
			fmt.Fprintf(&table, "%-12s%-12s%-12s%-14s%-8s%-8s%-8s\n", p.name, c.signals(), c.codes(), c.zombies(), c.group(), c.remap(), c.rest())
		})
	}
	t.Run("--pty", func(t *testing.T) { // its end kills the rest, and so it does that before the removal
		r, root := runIn(t, []string{rig.Tmpshell, "--exec", "--pty", "--"}, nil, "rest")
		if r.Status != 5 || r.Stderr != "" || exists(root+"/tmp/.private/1000") || !exists(root+"/tmp/.private") {
			t.Errorf("%+v; want status 5, and no directory left", r)
		}
	})
	t.Run("an image made in no container", func(t *testing.T) {
		rig.Must(t, "setcap", "-r", image+rig.Remover)
		r, root := runIn(t, initPrograms[0].plain, nil, "rest")
		left, err := os.ReadDir(root + "/tmp/.private/1000")
		if r.Status != 5 || r.Stderr != "" || err != nil || len(left) > 0 {
			t.Errorf("%+v; want status 5, and nothing left in the directory: %v, %v", r, left, err)
		}
	})
	t.Run("Supervise yes", func(t *testing.T) {
		rig.Configure(t, "Supervise yes")
		rig.Setup(t)
		rig.Must(t, "cp", "--preserve=all", rig.Remover, image+rig.Remover)
		rig.Must(t, "cp", rig.Conf, image+rig.Conf)
		r, root := runIn(t, initPrograms[0].plain, nil, "rest")
		if r.Status != 5 || r.Stderr != "" || exists(root+"/tmp/.private/1000") || !exists(root+"/tmp/.private") {
			t.Errorf("%+v; want status 5, and no directory left", r)
		}
		rig.Must(t, "rm", image+rig.Conf)
	})
	t.Run("no init", func(t *testing.T) { // the tests find what they are for
		r := run(t, []string{rig.Tmpshell, "--exec", "--"}, nil, "orphans", "50")
		// How many of the 50 have ended by then is the machine's.
		if !strings.HasPrefix(r.Stdout, "zombies ") || r.Stdout == "zombies 0\n" {
			t.Errorf("without --init: %+v; want zombies", r)
		}
	})
	view.Tell(table.String())
}

// run runs ward in a container, below a first process.
func run(t *testing.T, first, env []string, args ...string) rig.Result {
	t.Helper()
	r, _ := runIn(t, first, env, args...)
	return r
}

func runIn(t *testing.T, first, env []string, args ...string) (rig.Result, string) {
	t.Helper()
	is := rig.Container{UID: 1000, Capabilities: rig.DockerCapabilities, Args: append(append(append([]string{}, first...), "ward"), args...)}
	is.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=/"}, env...)
	return is.Run(t)
}

// initCell is one program on one ground. What tmpshell has to do better, or as
// well, is an error where it does not; of the others it is told.
type initCell struct {
	t *testing.T
	initProgram
}

func (c initCell) check(ok bool, what string, r rig.Result) {
	c.t.Helper()
	if !ok && c.name == "tmpshell" {
		c.t.Errorf("%s: %+v", what, r)
	}
}

// signals: all but those that nobody can forward, SIGCHLD, SIGUSR1, which marks the
// end of each, and two of the C library's own.
func (c initCell) signals() string {
	var env []string
	all := 64 - 6
	if c.stops {
		env = []string{"NOSTOP=1"}
	}
	r := run(c.t, c.plain, env, "signals")
	c.check(r.Stdout == fmt.Sprintf("forwarded %d\n", all) && r.Status == 0, "not all signals", r)
	_, n, _ := strings.Cut(r.Stdout, "forwarded ")
	return strings.TrimSpace(n) + " of " + fmt.Sprint(all)
}

// codes: of programs that end, and of those that are killed.
func (c initCell) codes() string {
	same := 0
	for n, want := range map[int]int{255: 255, 1015: 143, 1009: 137} {
		r := run(c.t, c.plain, nil, "end", fmt.Sprint(n))
		c.check(r.Status == want, fmt.Sprintf("end %d: want status %d", n, want), r)
		if r.Status == want {
			same++
		}
	}
	return fmt.Sprintf("%d of 3", same)
}

func (c initCell) zombies() string {
	const count = 1000
	r := run(c.t, c.plain, []string{"REAPS=1"}, "orphans", fmt.Sprint(count))
	c.check(r.Stdout == "zombies 0\n" && r.Status == 0, "orphans", r)
	return fmt.Sprintf("%s of %d", strings.TrimSpace(strings.TrimPrefix(r.Stdout, "zombies ")), count)
}

func (c initCell) group() string {
	r := run(c.t, c.plain, nil, "group")
	c.check(r.Stdout == "one\n", "a signal for the program alone", r)
	if c.initProgram.group == nil {
		return "-"
	}
	r = run(c.t, c.initProgram.group, nil, "group")
	c.check(r.Stdout == "both\n", "a signal for the group", r)
	return strings.TrimSpace(r.Stdout)
}

func (c initCell) remap() string {
	if c.remap143 == nil {
		return "-"
	}
	killed, other := run(c.t, c.remap143, nil, "end", "1015"), run(c.t, c.remap143, nil, "end", "144")
	c.check(killed.Status == 0 && other.Status == 144, "remapped", killed)
	return fmt.Sprintf("%d %d", killed.Status, other.Status)
}

// rest: what the program leaves is told to end, then made to, and what is in the
// private directory is gone.
func (c initCell) rest() string {
	r, root := runIn(c.t, c.plain, nil, "rest")
	told := exists(root + "/tmp/told")
	c.check(told && r.Status == 5 && r.Stderr == "", "others at the end", r)
	c.check(!exists(root+"/tmp/.private/1000"), "the directory is still there", r)
	if told {
		return "yes"
	}
	return "no"
}

// TestInitSubreaper: outside of a container, orphans are still its children.
func TestInitSubreaper(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "tini", "dumb-init", "catatonit")
	rig.Install(t)
	buildWard(t)
	a := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	for _, p := range initPrograms {
		if p.subreaper == nil {
			continue
		}
		argv := append(append([]string{"env"}, p.subreaper...), ward, "orphan")
		r := rig.Command{As: a, Path: "/usr/bin/env", Args: argv}.Run(t)
		want := p.name
		if p.name == "tmpshell" {
			want = "tmpshell-superv"
		}
		if r.Stdout != want+"\n" || r.Status != 0 {
			t.Errorf("%s: the orphan's parent: %+v; want %s", p.name, r, want)
		}
	}
	for n, want := range map[string]rig.Result{
		"7": {Status: 7}, "1015": {Status: -1, Signal: 15}, "1009": {Status: -1, Signal: 9}, "1011": {Status: -1, Signal: 11},
	} {
		r := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--init", ward, "end", n}}.Run(t)
		if r != want {
			t.Errorf("end %s: %+v; want %+v", n, r, want)
		}
	}
	// Who is left is told to end, and once, also in another session: some take a second
	// SIGTERM for another thing. That is not the container's first process, which can tell
	// everybody.
	rig.Write(t, "/home/alice/lasting", "#!/bin/sh\ntrap 'echo told >>/home/alice/told' TERM\necho >/home/alice/ready\nwhile :; do sleep 0.05; done\n", 0o755)
	// So many others that no table of those who were told has room for all.
	const crowd = "; trap '' TERM; n=0; while [ $n -lt 130 ]; do setsid sleep 1000 & n=$((n+1)); done"
	for lasting, beside := range map[string]string{"setsid ~/lasting": "", "~/lasting": crowd, "(~/lasting; :)": ""} {
		leaves := "rm -f ~/ready ~/told; " + lasting + " & until [ -e ~/ready ]; do sleep 0.01; done" + beside
		r := rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--init=grace=1", "sh", "-c", leaves}}.Run(t)
		if told := rig.Sh(t, "cat ~alice/told").Stdout; r.Status != 0 || told != "told\n" || rig.Sh(t, "pgrep -u alice lasting").Stdout != "" {
			t.Errorf("what is left by %s was told %q: %+v", lasting, told, r)
		}
	}
	// Where others' processes cannot be looked at, nothing is removed.
	rig.CheckPrivate(t, a)
	rig.Configure(t, "Supervise yes")
	rig.Setup(t)
	rig.Command{As: a, Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--init", ward, "end", "0"}}.Run(t)
	awaitGone(t, a.Private())
}

// TestInitMany: all that is left is ended, also where its numbers fill more than is read
// of the list of children at one time.
func TestInitMany(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "gcc")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.Write(t, "/root/many.c", `#include <stdio.h>
#include <unistd.h>
int main(void) {
	int i = 0, child = 1;
	while (i < 1200 && (child = fork()) > 0) i++;
	if (child) return printf("%d\n", i) < 0;
	setsid();
	close(1), close(2);
	pause();
	return 0;
}
`, 0o644)
	rig.Must(t, "gcc", "-o", "/usr/local/bin/many", "/root/many.c")
	r := alice.Login(t, "tmpshell --exec --init=grace=10 many; ps -C many --no-headers | wc -l")
	if r.Status != 0 || r.Stdout != "1200\n0\n" {
		t.Errorf("%+v; want 1200 processes, and none of them left", r)
	}
}
