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

// everything prints what a process inherits, one fact a line. What differs
// from one process to the next, whatever starts it, is left out. The shell
// must not do the printing: it changes signals and descriptors itself.
const everything = `
grep -E '^(Umask|Uid|Gid|Groups|Threads|SigPnd|ShdPnd|SigBlk|SigIgn|SigCgt|CapInh|CapPrm|CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp|Seccomp_filters|Cpus_allowed_list|Mems_allowed_list|Speculation.*|THP_enabled):' /proc/self/status
cat /proc/self/limits /proc/self/oom_score_adj /proc/self/coredump_filter /proc/self/timerslack_ns /proc/self/cgroup /proc/self/personality
ls -l /proc/self/fd | sed 's/^.* \([0-9]* -> \)/\1/; /proc/d; s/\[[0-9]*\]//' | tail -n +2
cut -d' ' -f18,19,41 /proc/self/stat
grep -c . /proc/self/mountinfo
stat -c %U /proc/self/mem
ls -l /proc/self/cwd /proc/self/root /proc/self/ns | sed 's/^.* \([^ ]* -> \)/\1/' | grep -- '->'
echo "pgrp: $(($(ps -o pgid= -p $$) == $$)) session: $(($(ps -o sid= -p $$) == $$)) children: $(ps -o comm= --ppid $$ | sort | tr '\n' ' ')"
`

// asRoot begins a state that only root can bring about; alice it is then.
const asRoot = "exec setpriv --reuid 1000 --regid 1000 --groups 4,24,1000 "

// TestTheSameSession: but for the variables, a session must not be able to
// tell that tmpshell was there.
func TestTheSameSession(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	view.Need(t, "setpriv", "prlimit", "ionice", "ps")
	rig.Install(t)
	alice := rig.AddUser(t, rig.Account{Name: "alice", UID: 1000, Groups: []uint32{4, 24, 1000}})
	for _, state := range []struct{ name, before string }{
		{"as sshd leaves it", ""},
		{"umask", "umask 0137;"},
		{"umask 0777", "umask 0777;"},
		{"signals ignored", "trap '' HUP INT QUIT PIPE ALRM TERM USR1 USR2 CHLD TSTP TTIN TTOU URG WINCH IO PROF VTALRM XCPU XFSZ;"},
		{"HUP ignored, as by nohup", "trap '' HUP;"},
		{"realtime signals ignored", "trap '' RTMIN RTMIN+1 RTMIN+2 RTMAX-1 RTMAX;"},
		{"signals blocked", "exec env --block-signal=HUP --block-signal=TERM --block-signal=USR1 --block-signal=CHLD "},
		{"limits", "ulimit -S -n 100 -c 0 -s 4096 -u 500 -v 4000000 -d 3000000 -l 16 -q 4096;"},
		{"soft limit of files below the hard one", "ulimit -S -n 1000;"},
		{"a large core limit", "ulimit -S -c unlimited;"},
		{"descriptors", "exec 3</etc/passwd 4>/dev/null 7<>/dev/null 63</etc/group;"},
		{"stdin closed", "exec <&-;"},
		{"stdin and stderr closed", "exec <&- 2>&-;"},
		{"nice", "exec nice -n 7 "},
		{"no_new_privs", "exec setpriv --no-new-privs "},
		{"ambient and inheritable capabilities, fewer in the bounding set", asRoot + "--bounding-set -all,+chown,+kill --inh-caps +chown,+kill --ambient-caps +kill "},
		{"securebits", asRoot + "--securebits +noroot,+noroot_locked "},
		{"personality", "exec setarch -R "},
		{"oom_score_adj", "echo 500 >/proc/self/oom_score_adj;"},
		{"core dump filter", "echo 0x11 >/proc/self/coredump_filter;"},
		{"one processor", "exec taskset 1 "},
		{"batch scheduling", "exec chrt --batch 0 "},
		{"a cwd that nobody may enter", "mkdir -p /home/alice/shut; chmod 700 /home/alice/shut; cd /home/alice/shut; chmod 0 .;"},
		{"a cwd that is gone", "mkdir -p /home/alice/gone; cd /home/alice/gone; rmdir /home/alice/gone;"},
	} {
		t.Run(state.name, func(t *testing.T) {
			run := func(program string) rig.Result {
				script := state.before
				if !strings.HasPrefix(script[max(0, strings.LastIndex(script, ";")+1):], "exec") {
					script += "exec "
				}
				c := rig.Command{As: alice, Env: alice.Env(), Path: "/bin/bash", Args: []string{
					"bash", "-c", script + program + ` -c "$1"`, "bash", everything + "exit 7"}}
				if strings.HasPrefix(state.before, asRoot) {
					c.As = nil
				}
				return c.Run(t)
			}
			plain, got := run("/bin/bash"), run(rig.Tmpshell)
			if diff := cmp.Diff(strings.Split(plain.Stdout, "\n"), strings.Split(got.Stdout, "\n")); diff != "" {
				t.Errorf("the session differs (- without, + with tmpshell):\n%s", diff)
			}
			if diff := cmp.Diff(plain.Stderr, got.Stderr); diff != "" {
				t.Errorf("stderr differs (- without, + with tmpshell):\n%s", diff)
			}
			if plain.Status != exitStatus || got.Status != exitStatus {
				t.Errorf("status %d without and %d with tmpshell, want %d", plain.Status, got.Status, exitStatus)
			}
			if len(plain.Stdout) < 1000 {
				t.Errorf("the state was not shown: %q, %q", plain.Stdout, plain.Stderr)
			}
		})
	}
}

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
