package e2e

import (
	"strconv"
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// stepImage is an image like those of the Docker official images: its own
// entrypoint begins as root and becomes the user of the service.
func stepImage(t *testing.T) (image string) {
	t.Helper()
	view.Need(t, "gosu", "setpriv")
	rig.Install(t)
	image = rig.MakeImage(t)
	rig.AddToImage(t, "gosu", "setpriv")
	for name, become := range map[string]string{
		"gosu": "gosu app", "setpriv": "/usr/bin/setpriv --reuid app --regid app --clear-groups --",
		"user": "/usr/bin/tmpshell --exec --user app --",
	} {
		rig.Write(t, image+"/usr/bin/entrypoint-"+name, "#!/bin/sh\nset -e\nif [ \"$(id -u)\" = 0 ]; then\n\texec "+become+" \"$0\" \"$@\"\nfi\nexec \"$@\"\n", 0o755)
	}
	rig.Write(t, image+"/usr/bin/server", "#!/bin/sh\nset -e\nf=$(mktemp)\necho some >\"$f\"\necho \"$$ $(id -u) ${TMPDIR-unset} ${f%/*}\"\n", 0o755)
	return image
}

// TestContainerStepsDown: an image whose own entrypoint becomes a user works as
// before behind ENTRYPOINT ["/usr/bin/tmpshell", "--exec", "--"]: no directory of
// root's is named to a user. What asks for the user gets theirs.
func TestContainerStepsDown(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	stepImage(t)
	root := rig.Container{Capabilities: rig.DockerCapabilities, Env: []string{"PATH=/usr/bin:/bin"}}
	user := root
	user.UID = 1000
	const private, shared = "1 1000 /tmp/.private/1000 /tmp/.private/1000\n", "1 1000 unset /tmp\n"
	for _, c := range []struct {
		name string
		is   rig.Container
		args string // of tmpshell
		want string
	}{
		{"gosu", root, "--exec -- entrypoint-gosu server", shared},
		{"setpriv", root, "--exec -- entrypoint-setpriv server", shared},
		{"USER in the Containerfile", user, "--exec -- entrypoint-gosu server", private},
		{"--user", root, "--exec --user app -- entrypoint-gosu server", private},
		{"--user, in the image's entrypoint", root, "--exec -- entrypoint-user server", private},
	} {
		c.is.Args = append([]string{rig.Tmpshell}, strings.Fields(c.args)...)
		if r, _ := c.is.Run(t); r.Stdout != c.want || r.Stderr != "" || r.Status != 0 {
			t.Errorf("%s: status %d, stdout %q, stderr %q; want %q", c.name, r.Status, r.Stdout, r.Stderr, c.want)
		}
	}
}

// accountsOfImage are odd on purpose.
const (
	passwdOfImage = "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/usr/sbin:/bin/sh\ngames:x:5:60::/usr/games:/bin/sh\n" +
		"app:x:1000:1000::/home/app:/bin/sh\napp:x:1001:1001::/other:/bin/sh\ntwin:x:1000:7::/twin:/bin/sh\n" +
		"77:x:78:78::/numeric:/bin/sh\nnobody:x:65534:65534::/nonexistent:/bin/sh\nhomeless:x:90:90:::/bin/sh\nlast:x:91:91::/last:/bin/sh"
	groupOfImage = "root:x:0:\ndaemon:x:1:nobody\ngames:x:60:nobody\nusers:x:100:games,nobody\napp:x:1000:\n" +
		"docker:x:2000:app,nobody\nalso:x:2000:app\n78:x:79:app\nlarge:x:3000:MANYapp,nobody\nlast:x:91:app"
)

// TestUserAsGosu compares --user with gosu itself, case by case: those of gosu's
// own tests, and more.
func TestUserAsGosu(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	image := stepImage(t)
	rig.Write(t, image+"/etc/passwd", passwdOfImage, 0o644)
	rig.Write(t, image+"/etc/group", strings.Replace(groupOfImage, "MANY", strings.Repeat("somebody,", 10_000), 1), 0o644)
	specs := strings.Fields(`0 0:0 root 0:root root:0 root:root 1000 0:1000 1000:1000 root:1000 1000:root 1000:daemon
		games games:daemon 0: :0 :daemon :4242 4242 4242:4242 4242:daemon 2147483647
		app app:app app:docker app:large twin 1001 77 77:78 nobody nobody:users homeless last 007 app: app:4242
		bogus 0day 0:bogus 0:0day -1 app:-1 4294967295 app:4294967295 App :bogus 4294967296`)
	// The numbers and capabilities as the kernel has them, and HOME.
	const show = `grep -E '^(Uid|Gid|Groups|Cap[A-Z][a-z]*|NoNewPrivs):' /proc/self/status; echo "HOME=$HOME"`
	const each = `for s; do
		echo "== $s"; "$PROGRAM" $OPTIONS "$s" sh -c "$SHOW" 2>/dev/null || echo "refused $?"
	done`
	ask := func(is rig.Container, program, options string) []string {
		t.Helper()
		is.Env = []string{"PATH=/usr/bin:/bin", "HOME=/caller", "SHOW=" + show, "PROGRAM=" + program, "OPTIONS=" + options}
		is.Args = append([]string{"sh", "-c", each, "sh"}, specs...)
		r, _ := is.Run(t)
		cases := strings.Split(r.Stdout, "== ")[1:]
		if len(cases) != len(specs) {
			t.Fatalf("%d cases of %d: %q, %q", len(cases), len(specs), r.Stdout, r.Stderr)
		}
		return cases
	}
	for name, is := range map[string]rig.Container{
		"root with Docker's capabilities":  {Capabilities: rig.DockerCapabilities},
		"root with another group":          {Capabilities: rig.DockerCapabilities, GID: 50, Groups: []uint32{51, 52}},
		"root, no_new_privs":               {Capabilities: rig.DockerCapabilities, NoNewPrivileges: true},
		"root that cannot become somebody": {Capabilities: []string{"CAP_CHOWN"}},
	} {
		want, got := ask(is, "gosu", ""), ask(is, rig.Tmpshell, "--exec --user")
		for i, spec := range specs {
			w, g := want[i], got[i]
			if strings.Contains(w, "refused") {
				w, g = "refused", strings.ReplaceAll(g[strings.IndexByte(g, '\n')+1:], "refused 125\n", "refused")
			}
			if g != w {
				t.Errorf("%s, %s:\n--user: %s\ngosu:   %s", name, spec, g, w)
			}
		}
	}
}

// TestUserRefused: nobody becomes somebody else by --user without being root, and
// no program is run as root where a user was asked for.
func TestUserRefused(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	stepImage(t)
	run := func(is rig.Container, args ...string) (rig.Result, string) {
		is.Args = append([]string{rig.Tmpshell, "--exec"}, append(args, "--", "id", "-u")...)
		r, root := is.Run(t)
		return r, root
	}
	root := rig.Container{Capabilities: rig.DockerCapabilities}
	user := rig.Container{UID: 1000, Capabilities: rig.DockerCapabilities}
	openShift := rig.Container{UID: 1_000_680_000, GID: 1000, Capabilities: rig.DockerCapabilities}
	for _, c := range []struct {
		is   rig.Container
		spec string
		want string // on standard error
	}{
		{root, "bogus", "tmpshell: --user bogus names no user of /etc/passwd; no session\n"},
		{root, "app:bogus", "tmpshell: --user app:bogus names no group of /etc/group; no session\n"},
		{root, "", "tmpshell: --user takes USER[:GROUP], names or numbers; usage: tmpshell --exec [--user USER[:GROUP]] [--init[=LIST]] [--pty] [--] PROGRAM [ARG...]\n"},
		{rig.Container{}, "app", "tmpshell: setgroups --user app: operation not permitted; no session\n"},
		{user, "root", "tmpshell: --user root needs root, or that user; this is uid 1000; no session\n"},
		{user, "app:root", "tmpshell: --user app:root needs root, or that user; this is uid 1000; no session\n"},
		{openShift, "app", "tmpshell: --user app needs root, or that user; this is uid 1000680000; no session\n"},
	} {
		if r, _ := run(c.is, "--user", c.spec); r.Status != 125 || r.Stdout != "" || r.Stderr != c.want {
			t.Errorf("uid %d, %q: status %d, %q, %q; want 125 and %q", c.is.UID, c.spec, r.Status, r.Stdout, r.Stderr, c.want)
		}
	}
	// Nothing is to be done for whom the runtime has made that user already.
	for _, spec := range []string{"app", "1000", "app:app", "1000:"} {
		if r, _ := run(user, "--user", spec); r.Stdout != "1000\n" || r.Status != 0 {
			t.Errorf("%s as that user: status %d, %q, %q", spec, r.Status, r.Stdout, r.Stderr)
		}
	}
	// On a machine, tmpshell-session may have cap_setuid, to grant it.
	rig.Configure(t, "Match User trusted", "Ambient cap_setuid cap_setgid cap_dac_override")
	rig.Setup(t)
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666})
	trusted := rig.AddUser(t, rig.Account{Name: "trusted", UID: 1667})
	for _, a := range []*rig.Account{mallory, trusted} {
		for _, program := range []string{"/usr/libexec/tmpshell-session", rig.Tmpshell} {
			r := rig.Command{As: a, Path: program, Args: []string{"tmpshell", "--exec", "--user", "root", "--", "id", "-u"}}.Run(t)
			if r.Status != 125 || r.Stdout != "" || !strings.Contains(r.Stderr, "needs root") {
				t.Errorf("%s by %s: status %d, %q, %q; want a refusal", program, a.Name, r.Status, r.Stdout, r.Stderr)
			}
		}
	}
}

// TestUserMounted: who is root outside of a container becomes the user first, too,
// and what needs privilege is had as in every session of that user.
func TestUserMounted(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t, "Match User alice", "Directory /tmp mount", "Ambient cap_net_raw")
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddGroup(t, "staff2", 3000, "alice")
	const show = `id -u; id -g; id -G; echo "$TMPDIR $HOME"; grep CapEff /proc/self/status; touch /tmp/private`
	const want = "1000\n1000\n1000 3000\n/tmp /home/alice\nCapEff:\t0000000000002000\n"
	r := rig.Command{Path: rig.Tmpshell, Args: []string{"tmpshell", "--exec", "--user", "alice", "--", "sh", "-c", show}, Env: []string{"HOME=/root", "PATH=/usr/bin:/bin"}}.Run(t)
	if r.Stdout != want || r.Stderr != "" || r.Status != 0 {
		t.Errorf("status %d, %q, %q; want %q", r.Status, r.Stdout, r.Stderr, want)
	}
	if shared := rig.Sh(t, "ls -A /tmp").Stdout; shared != ".private\n" {
		t.Errorf("the session's file is in the shared directory: %q", shared)
	}
}

// TestUserFaults has each system call fail that --user makes up to where the
// process is the user: the program is run as that user, or not at all. What the
// kernel only says it has done is found out.
func TestUserFaults(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "strace")
	rig.Install(t, "Exempt root alice")
	rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	rig.AddGroup(t, "staff2", 3000, "alice")
	root := &rig.Account{Name: "root", Home: "/root", Shell: "/bin/sh"}
	argv := []string{rig.Tmpshell, "--exec", "--user", "alice", "--", "sh", "-c", "id -u; id -g; id -G"}
	const want = "1000\n1000\n1000 3000\n"
	r, trace := strace(t, root, nil, argv...)
	if r.Stdout != want || r.Status != 0 {
		t.Fatalf("without a fault: %+v", r)
	}
	became, tried := false, 0
	for _, call := range parseTrace(trace)[1:] {
		if became = became || call.name == "setresuid"; became && call.name == "openat" {
			break
		}
		faults := callErrors[call.name]
		if strings.HasPrefix(call.name, "set") {
			faults = append([]string{"skipped"}, faults...)
		}
		for _, fault := range faults {
			what := ":error=" + fault
			if fault == "skipped" {
				what = ":retval=0"
			}
			tried++
			r, _ := strace(t, root, []string{"-e", "inject=" + call.name + what + ":when=" + strconv.Itoa(call.nth)}, argv...)
			right, refused := r.Status == 0 && r.Stdout == want, r.Status == 125 && r.Stdout == "" && r.Stderr != ""
			if fault == "ENOENT" && strings.Contains(call.line, "/etc/group") {
				right = r.Status == 0 && r.Stdout == "1000\n1000\n1000\n" // an image without that file
			}
			if !refused && (!right || strings.HasPrefix(call.name, "set")) {
				t.Errorf("%s, %s: status %d, %q, %q; want 125, or the user", call.line, fault, r.Status, r.Stdout, r.Stderr)
			}
		}
	}
	if !became || tried < 20 {
		t.Errorf("%d faults were tried; became the user: %v", tried, became)
	}
}
