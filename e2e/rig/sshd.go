package rig

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tmpshell/e2e/view"
)

const (
	sshPort   = "2222" // the view has the network for itself
	sshKeys   = "/etc/ssh/e2e"
	clientKey = sshKeys + "/client"
	hostKey   = sshKeys + "/host"
)

// SSHD is a running sshd.
type SSHD struct {
	cmd *exec.Cmd
	mu  sync.Mutex
	log bytes.Buffer
}

// StartSSHD runs the real sshd on loopback with the given lines of
// sshd_config until the test ends. Every account accepts the test's key.
func StartSSHD(t testing.TB, config ...string) *SSHD {
	t.Helper()
	view.Need(t, "/usr/sbin/sshd")
	const file = sshKeys + "/sshd_config"
	ConfigureSSHD(t, file, config...)
	d := &SSHD{cmd: exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", file)}
	d.cmd.Stderr = d
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	d.cmd.WaitDelay = time.Second
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = d.cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("sshd's log:\n%s", d.Log())
		}
	})
	var dialed error
	Await(t, func() string { return fmt.Sprintf("sshd does not answer: %v\n%s", dialed, d.Log()) }, func() bool {
		select {
		case <-ended:
			t.Fatalf("sshd has ended:\n%s", d.Log())
		default:
		}
		conn, err := net.Dial("tcp", "127.0.0.1:"+sshPort)
		if dialed = err; err == nil {
			conn.Close()
		}
		return err == nil
	})
	return d
}

// UseOpenSSH has sshd be the one that e2e/openssh.sh has built without PAM.
func UseOpenSSH(t testing.TB) {
	t.Helper()
	root, err := view.Root()
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(root, "bin/openssh/sshd")
	if _, err := os.Stat(built); err != nil {
		view.Missing(t, "sshd without PAM: run e2e/openssh.sh")
	}
	Must(t, "install", built, "/usr/sbin/sshd")
	if out := Must(t, "ldd", "/usr/sbin/sshd"); strings.Contains(out, "libpam") {
		t.Fatalf("%s is linked with PAM:\n%s", built, out)
	}
}

// ConfigureSSHD writes a configuration in which every account accepts the test's key.
func ConfigureSSHD(t testing.TB, file string, config ...string) {
	t.Helper()
	makeKeys(t)
	Must(t, "cp", clientKey+".pub", sshKeys+"/authorized_keys")
	lines := append([]string{
		"Port " + sshPort, "ListenAddress 127.0.0.1", "HostKey " + hostKey,
		"PidFile none", "AuthorizedKeysFile " + sshKeys + "/authorized_keys",
		"PasswordAuthentication no", "KbdInteractiveAuthentication no",
		"PrintLastLog no", "UseDNS no", "MaxStartups 100", "LogLevel ERROR",
	}, config...)
	Write(t, file, strings.Join(lines, "\n")+"\n", 0o644)
}

// makeKeys makes the keys of the test's clients and servers.
func makeKeys(t testing.TB) {
	t.Helper()
	view.Need(t, "ssh", "ssh-keygen")
	for _, key := range []string{clientKey, hostKey} {
		if _, err := os.Stat(key); err != nil {
			Write(t, filepath.Join(sshKeys, "README"), "keys of one test\n", 0o644)
			Must(t, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
		}
	}
}

// Write takes a piece of sshd's log.
func (d *SSHD) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(p)
}

// Log is what sshd has printed so far.
func (d *SSHD) Log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// sshOptions make a client ask nothing and remember nothing. They are also
// right for sftp and scp.
var sshOptions = []string{
	"-F", "none", "-i", clientKey, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
	"-o", "UserKnownHostsFile=/dev/null", "-o", "KexAlgorithms=curve25519-sha256", "-o", "LogLevel=ERROR", "-o", "Port=" + sshPort,
}

// SSH is `ssh [options] account@localhost`; append the command to Args.
func SSH(a *Account, options ...string) Command {
	args := append([]string{"ssh"}, sshOptions...)
	args = append(append(args, options...), Host(a))
	return Command{Path: "/usr/bin/ssh", Args: args, Env: os.Environ()}
}

// SFTP is `sftp [options]` reading its commands from stdin.
func SFTP(a *Account, options ...string) Command {
	args := append([]string{"sftp", "-q"}, sshOptions...)
	args = append(append(args, options...), "-b", "-", Host(a))
	return Command{Path: "/usr/bin/sftp", Args: args, Env: os.Environ()}
}

// SCP is `scp [options] from to`; name remote files with Host.
func SCP(args ...string) Command {
	return Command{Path: "/usr/bin/scp", Args: append(append([]string{"scp", "-q"}, sshOptions...), args...), Env: os.Environ()}
}

// Host is the account at the test's sshd.
func Host(a *Account) string { return fmt.Sprintf("%s@127.0.0.1", a.Name) }

// SSHShell is what programs that call ssh themselves are to call, such as
// `rsync -e`; a shell may split it at its spaces.
func SSHShell(options ...string) string {
	return strings.Join(slices.Concat([]string{"ssh"}, sshOptions, options), " ")
}
