package e2e

import (
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// TestEnvironmentUnchanged passes an environment that no shell would build.
func TestEnvironmentUnchanged(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000})
	// Not a shell: bash would tidy up. The kernel adds the script's name.
	const showenv = "#!/bin/cat /proc/self/environ\n"
	rig.Write(t, "/usr/local/bin/showenv", showenv, 0o755)
	rig.Configure(t, "Shell /usr/local/bin/showenv", "RuntimeDirectory no")
	odd := []string{
		"Z=last first", "A=1", "DUP=one", "=nameless", "no equals sign", "", "EMPTY=", "DUP=two",
		"BASH_FUNC_f%%=() { echo; }", "NEWLINE=a\nb", "BYTES=\xff\xfe", "GODEBUG=x", "GOGC=1",
		"LD_PRELOAD=", "tmpdir=lower", "TMPDIR_=not it", "LONG=" + strings.Repeat("x", 100_000),
		"SSH_ORIGINAL_COMMAND=no connection, so left alone", "PATH=/usr/bin:/bin",
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Not os/exec, which drops duplicates.
	process, err := os.StartProcess(rig.Tmpshell, []string{"tmpshell"}, &os.ProcAttr{
		Env: odd, Files: []*os.File{nil, write, nil}, Sys: &syscall.SysProcAttr{Credential: alice.Credential()},
	})
	if err != nil {
		t.Fatal(err)
	}
	write.Close()
	out, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := process.Wait(); err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSuffix(string(out), showenv)
	got := strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	if len(got) < len(odd) {
		t.Fatalf("%d entries: %.1000q", len(got), got)
	}
	if diff := cmp.Diff(odd, got[:len(odd)]); diff != "" {
		t.Errorf("the caller's entries differ (- want, + got):\n%s", diff)
	}
	want := []string{"SHELL=/usr/local/bin/showenv"}
	for _, name := range rig.Variables {
		want = append(want, name+"="+alice.Private())
	}
	added := slices.Sorted(slices.Values(got[len(odd):]))
	slices.Sort(want)
	if diff := cmp.Diff(want, added); diff != "" {
		t.Errorf("the added entries differ (- want, + got):\n%s", diff)
	}
}
