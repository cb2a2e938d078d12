package launch

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"tmpshell/internal/accounts"
	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
)

// pointers are strings as the kernel delivers them.
func pointers(list []string) []*byte {
	all := make([]*byte, len(list), len(list)+1) // and a nil
	for i, s := range list {
		all[i] = unsafe.StringData(s + "\x00")
	}
	return all
}

func texts(list []*byte) []string {
	var all []string
	for _, p := range list {
		if p != nil {
			all = append(all, bare.String(p))
		}
	}
	return all
}

// environment is a list of entries as an environment.
func environment(list ...string) *Environment {
	e := new(Environment)
	e.Take(pointers(list))
	return e
}

// inside is what a process of the tests does: it becomes another program.
type inside struct {
	How       string // shell, search, file
	Args, Env []string
	// What the account files hold, as paths.
	Passwd, Shells, NSSwitch string
	Shell                    string // of the configuration
	Deny                     bool
	Big                      bool // the environment is larger than execve(2) takes
	Used                     int  // bytes of the room for strings
}

const insideVariable = "TMPSHELL_TEST_LAUNCH"

func TestMain(m *testing.M) {
	if text := os.Getenv(insideVariable); text != "" {
		var i inside
		if err := json.Unmarshal([]byte(text), &i); err != nil {
			panic(err)
		}
		syscall.Exit(i.run())
	}
	os.Exit(m.Run())
}

// run is in the child.
func (i inside) run() int {
	l := &self
	l.session.known, l.policy.Log = resolved, policy.LogNone // nothing goes to the machine's log
	l.takeMemory()
	l.policy.Shell, l.policy.Deny, l.strings.n = i.Shell, i.Deny, i.Used
	l.uid = 4242
	accounts.Passwd, accounts.Shells, accounts.NSSwitch = i.Passwd, i.Shells, i.NSSwitch
	if i.Big {
		if err := unix.Setrlimit(unix.RLIMIT_STACK, &unix.Rlimit{Cur: 256 << 10, Max: 256 << 10}); err != nil {
			panic(err)
		}
		for n := range 100 {
			i.Env = append(i.Env, "BIG"+strings.Repeat(string(rune('A'+n%26)), 5000)+"=1")
		}
	}
	l.args = append(pointers(i.Args), nil)[:len(i.Args)]
	l.given = pointers(i.Env)
	l.env.Take(l.given)
	switch i.How {
	case "search":
		return said(l.execSearch(append(pointers(i.Args), nil)))
	case "file":
		return said(l.execFile(i.Args[0], append(pointers(i.Args[1:]), nil)))
	}
	l.inv = ParseInvocation(l.args, &l.env)
	return l.become()
}

func said(e bare.Errno) int {
	_ = bare.Write(1, e.Text())
	return exitCode(e)
}

// start runs it and returns what the program prints, or tmpshell, and the exit
// code.
func (i inside) start(t *testing.T, dir string) (string, int) {
	t.Helper()
	text, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("/proc/self/exe")
	c.Env = append(os.Environ(), insideVariable+"="+string(text))
	c.Dir = dir
	out, err := c.CombinedOutput()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out)), c.ProcessState.ExitCode()
}
