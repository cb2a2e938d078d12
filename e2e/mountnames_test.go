package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// portal is a daemon that opens the files which its clients name, and leaves answers
// in the shared directory, as document portals and highlighters with a server do.
const portal = `import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind("/run/portal.new")
os.chmod("/run/portal.new", 0o666)
s.listen()
os.rename("/run/portal.new", "/run/portal")
while True:
    c = s.accept()[0]
    try:
        said = open(c.recv(4096).decode().strip()).read()
        with open("/tmp/answer", "w") as f:
            f.write("answer to " + said)
        c.sendall(said.encode())
    except OSError as e:
        c.sendall((e.strerror + "\n").encode())
    c.close()
`

// ask is a client of it.
const ask = `#!/usr/bin/python3
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect("/run/portal")
s.sendall(sys.argv[1].encode())
sys.stdout.write(s.makefile().read())
`

// TestMountPath: a file of a session can be named for a daemon outside, and one
// outside for a session.
func TestMountPath(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "python3")
	rig.Install(t, "Directory /tmp mount share=.meet/,plain", "Directory /dev/shm tmpfs", "Match User bob", "Directory /tmp env")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	bob := rig.AddUser(t, rig.Account{Name: "bob", UID: 1001})
	rig.Write(t, "/usr/local/bin/ask", ask, 0o755)
	rig.Write(t, "/usr/local/bin/portal", portal, 0o755)
	daemon(t, "test -S /run/portal", nil, "python3", "/usr/local/bin/portal")
	rig.Sh(t, "echo shared >/tmp/plain; chmod 644 /tmp/plain; echo met >/tmp/.meet/file")

	const script = `cd /tmp; echo mine >file; echo quick >/dev/shm/file
		for f in file /dev/shm/file /tmp/.meet/file plain /run/tmpshell/shared/tmp/plain /etc/hostname; do
			echo "$f: $(ask $f | head -c 3) $(ask "$(tmpshellctl path $f)" | head -c 3)"
		done; cat $(tmpshellctl path --inside /tmp/answer)`
	rig.Sh(t, "echo host >/etc/hostname")
	r := alice.Login(t, script)
	want := `file: No  min
/dev/shm/file: No  qui
/tmp/.meet/file: met met
plain: No  sha
/run/tmpshell/shared/tmp/plain: No  sha
/etc/hostname: hos hos
answer to host
`
	if r.Stdout != want || r.Stderr != "" {
		t.Errorf("alice: %q, %q; want %q", r.Stdout, r.Stderr, want)
	}
	// Root outside, about alice's session.
	for args, want := range map[string]string{
		"--user alice /tmp/file":                                "/var/lib/tmpshell/1000/tmp/file\n",
		"--user 1000 /tmp/plain":                                "/tmp/plain\n",
		"--user alice /tmp/.meet/x":                             "/tmp/.meet/x\n",
		"--user alice --inside /var/lib/tmpshell/1000/tmp/file": "/tmp/file\n",
		"--user alice --inside /tmp/answer":                     "/run/tmpshell/shared/tmp/answer\n",
		"--user bob /tmp/file":                                  "/tmp/file\n",
		"/tmp/file":                                             "/tmp/file\n", // root is exempt
	} {
		if r := rig.Sh(t, "tmpshellctl path "+args); r.Stdout != want || r.Status != 0 {
			t.Errorf("path %s: status %d, %q, %q; want %q", args, r.Status, r.Stdout, r.Stderr, want)
		}
	}
	if r := rig.Sh(t, "tmpshellctl path --user alice /dev/shm/file"); r.Status != 1 || !strings.Contains(r.Stderr, "/proc/PID/root/dev/shm/file") {
		t.Errorf("a file in a tmpfs, from outside: status %d, %q", r.Status, r.Stderr)
	}
	if r := bob.Login(t, "tmpshellctl path /tmp/x; tmpshellctl path --json --user alice /tmp/x"); r.Stdout != "/tmp/x\n{\n  \"file\": \"/tmp/x\",\n  \"path\": \"/var/lib/tmpshell/1000/tmp/x\"\n}\n" {
		t.Errorf("bob: %q, %q", r.Stdout, r.Stderr)
	}
}

// TestMountLinkOption: files that other variables name are linked, if link= has them.
func TestMountLinkOption(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "ssh-agent", "ssh-add")
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	mallory := rig.AddUser(t, rig.Account{Name: "mallory", UID: 1666, Shell: "/bin/bash"})
	rig.Install(t, "Directory /tmp tmpfs link=KITTY_LISTEN_ON", "Match User alice", "Directory /tmp mount link=KITTY_LISTEN_ON,NVIM")
	as(t, alice, "mkdir -m 700 /tmp/nvim.alice /tmp/nvim.alice/x")
	daemon(t, "test -S /tmp/mykitty", alice, "ssh-agent", "-D", "-a", "/tmp/mykitty")
	daemon(t, "test -S /tmp/nvim.alice/x/0", alice, "ssh-agent", "-D", "-a", "/tmp/nvim.alice/x/0")
	daemon(t, "test -S /tmp/hers", mallory, "ssh-agent", "-D", "-a", "/tmp/hers")
	const agents = `for s in ${KITTY_LISTEN_ON#unix:} $NVIM; do SSH_AUTH_SOCK=$s ssh-add -l; done 2>&1; ls /tmp`
	for _, c := range []struct{ env, want string }{
		{"KITTY_LISTEN_ON=unix:/tmp/mykitty NVIM=/tmp/nvim.alice/x/0 OTHER=/tmp/hers", "The agent has no identities.\nThe agent has no identities.\nmykitty\nnvim.alice\n"},
		{"OTHER=/tmp/mykitty KITTY_LISTEN_ON=unix:/tmp/hers", "Error connecting to agent: No such file or directory\nmykitty\n"},
	} {
		r := rig.Command{As: alice, Path: rig.Tmpshell, Args: []string{"tmpshell", "-c", agents}, Env: append(alice.Env(), strings.Fields(c.env)...)}.Run(t)
		if r.Stdout != c.want || r.Stderr != "" {
			t.Errorf("%s: %q, %q; want %q", c.env, r.Stdout, r.Stderr, c.want)
		}
	}
	if r := rig.Sh(t, "tmpshellctl show alice; tmpshellctl show mallory"); !strings.Contains(r.Stdout, " link=KITTY_LISTEN_ON,NVIM\n") || !strings.Contains(r.Stdout, "link=KITTY_LISTEN_ON\n") {
		t.Errorf("show: %s", r.Stdout)
	}
	rig.Configure(t, "Directory /tmp env link=NVIM", "Directory /var/tmp mount link=A-B")
	if r := rig.Sh(t, "tmpshellctl check"); r.Status != 1 || !strings.Contains(r.Stdout, "link= does not go with method env") || !strings.Contains(r.Stdout, `"A-B" is not the name of an environment variable`) {
		t.Errorf("check: %s", r.Stdout)
	}
}
