package e2e

import (
	"strings"
	"testing"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestMatrixAnsible has Ansible, which sends its modules to python3's stdin
// where pipelining is on, and as files where it is not.
func TestMatrixAnsible(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.StartSSHD(t, "UsePAM no", "Subsystem sftp "+sftpServer)
	matrix(t, "Ansible", ansibleCallers(t))
}

func ansibleCallers(t *testing.T) []caller {
	t.Helper()
	view.Need(t, "ansible", "/usr/bin/python3")
	return []caller{
		{name: "python3 from stdin", login: func(t *testing.T, a *rig.Account, _ string) rig.Result {
			c := rig.SSH(a)
			c.Args = append(c.Args, "/bin/sh -c 'observe /usr/bin/python3 && sleep 0'")
			c.Stdin = "import os, sys\nprint(os.environ['HOME'], sys.argv)\nsys.exit(7)\n"
			return c.Run(t)
		}},
		{name: "pipelining=True", login: byAnsible("True")},
		{name: "pipelining=False", login: byAnsible("False")},
	}
}

// play has a module that comes with a file, and one with a command.
const play = `
- hosts: all
  gather_facts: false
  tasks:
  - copy: {content: "by copy", dest: "{{ home }}/copied"}
  - shell: observe; echo "$USER" $((6 * 7)) >computed
    args: {chdir: "{{ home }}"}
`

// byAnsible has the two tasks run over one connection, as Ansible does it
// unless it is told otherwise.
func byAnsible(pipelining string) func(*testing.T, *rig.Account, string) rig.Result {
	return func(t *testing.T, a *rig.Account, _ string) rig.Result {
		dir := t.TempDir()
		rig.Write(t, dir+"/play.yml", play, 0o644)
		copied, computed := a.Home+"/copied", a.Home+"/computed"
		rig.Must(t, "rm", "-f", copied, computed)
		options := strings.TrimPrefix(rig.SSHShell("-o", "ControlMaster=auto", "-o", "ControlPersist=3s"), "ssh ")
		c := command("ANSIBLE_PIPELINING="+pipelining, "ANSIBLE_HOST_KEY_CHECKING=False", "ANSIBLE_NOCOLOR=1",
			"ANSIBLE_LOCAL_TEMP="+dir, "ANSIBLE_SSH_CONTROL_PATH_DIR="+dir+"/control", "ANSIBLE_SSH_ARGS="+options,
			"ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3",
			"ansible-playbook", "-i", "127.0.0.1,", "-u", a.Name, "-e", "home="+a.Home, dir+"/play.yml")
		r := c.Run(t)
		if got := rig.Sh(t, `cat "$@"`, copied, computed); got.Stdout != "by copy"+a.Name+" 42\n" || r.Status != 0 {
			t.Errorf("status %d, and the files have %q\n%s\n%s", r.Status, got.Stdout, r.Stdout, r.Stderr)
		}
		return r
	}
}
