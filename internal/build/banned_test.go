package build_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// guarded are the packages that run at a login, some of them with privilege.
var guarded = []string{"account", "accounts", "asroot", "capset", "clean", "compile", "config", "helper", "launch", "making", "mounts", "msg",
	"orders", "owned", "policy", "private", "remover", "session", "source", "supervise", "sys", "syslog"}

const (
	byPath  = "a path can lead elsewhere between check and use: take a descriptor and one name (package sys)"
	follows = byPath + "; and it follows symbolic links"
	narrow  = "ids have 16 bits in it on 386 and arm: package bare has the other number"
	global  = "Go changes every thread with it; package capset changes this one"
	asks    = "nothing that the caller controls may decide here: see section FILES of tmpshell.conf(5)"
	starts  = "searches PATH, which is the caller's: syscall.ForkExec of an absolute path"
)

// banned calls: package and name, why, and where they are right nevertheless.
var banned = []struct {
	pkg, names string
	why        string
	except     map[string]string // file: reason
}{
	{"os", "Create OpenFile Open Mkdir MkdirAll MkdirTemp CreateTemp WriteFile ReadFile Rename Remove RemoveAll Symlink Link Truncate", byPath, nil},
	{"os", "Chown Chmod Chtimes Stat", follows, nil},
	{"os", "Lchown Lstat Readlink ReadDir", byPath, nil},
	{"os", "Getenv LookupEnv Environ ExpandEnv TempDir UserHomeDir Getwd", asks, nil},
	{"os", "StartProcess", starts, nil},
	{"exec", "Command CommandContext LookPath", starts, nil},
	{"unix", "Chown Lchown Mkdir Mknod Rename Unlink Rmdir Symlink Link Truncate Creat Utimes", byPath, nil},
	{"unix", "Chdir", byPath, map[string]string{"asroot/asroot.go": "to \"/\""}},
	{"unix", "Access", byPath, map[string]string{"sys/stat.go": "MayWrite decides nothing privileged"}},
	{"unix", "Chmod", follows, map[string]string{
		"making/users.go": "of /proc/thread-self/fd/N, which is a descriptor",
		"clean/remove.go": "of the same",
	}},
	{"unix", "Open", byPath, map[string]string{
		"source/source.go":   "root's configuration and account files, checked on the descriptor",
		"account/account.go": "passwd(5), group(5) and shells(5), named by the program",
		"clean/processes.go": "of procfs, whose names are the kernel's",
		"clean/shown.go":     "of the same",
		"sys/label.go":       "of the same",
	}},
	{"unix", "Stat Lstat", byPath, map[string]string{"config/load.go": "whether an Include names a file at all; read checks it"}},
	{"unix", "Mount", "takes paths, and follows symbolic links: open_tree and move_mount", nil},
	{"unix", "Setuid Setgid Setreuid Setregid Setresuid Setresgid Setgroups", global, nil},
	{"syscall", "Setuid Setgid Setreuid Setregid Umask", global, nil},
	{"syscall", "Setresuid Setresgid Setgroups", global, map[string]string{
		"asroot/asroot.go": "every thread has to be root's",
		"asroot/back.go":   "every thread has to be the user's again",
	}},
	{"syscall", "Open Mkdir Chown Chmod Lchown Rename Unlink Rmdir Symlink Link Mknod Stat Mount Truncate", byPath, nil},
	{"syscall", "Getenv Environ", asks, nil},
	{"bare", "SetUID SetGID SetGroups", "the session would be somebody else's", map[string]string{"launch/user.go": "--user, before anything is decided"}},
	{"unix", narrowCalls, narrow, nil},
	{"syscall", narrowCalls, narrow, nil},
}

// narrowCalls have a second number with "32" in its name where a word has 32 bits.
const narrowCalls = "SYS_CHOWN SYS_FCHOWN SYS_GETEGID SYS_GETEUID SYS_GETGID SYS_GETGROUPS SYS_GETRESGID SYS_GETRESUID SYS_GETUID " +
	"SYS_LCHOWN SYS_SETFSGID SYS_SETFSUID SYS_SETGID SYS_SETGROUPS SYS_SETREGID SYS_SETRESGID SYS_SETRESUID SYS_SETREUID SYS_SETUID"

// bannedImports are not for these packages, whatever is called in them.
var bannedImports = map[string]string{
	"fmt":           "start-up time, see TestDependencies: strings and strconv",
	"log":           "links fmt, and writes in a form that is not ours: packages msg and syslog",
	"net":           "start-up time, see TestDependencies",
	"os/exec":       starts,
	"os/user":       "package account",
	"path/filepath": "links os; paths are Linux ones: package path",
	"io/ioutil":     byPath,
	"C":             "the programs are static",
}

func TestBannedCalls(t *testing.T) {
	used := make(map[string]bool) // exceptions
	for _, pkg := range guarded {
		files, err := filepath.Glob("../" + pkg + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("no source of package %s: %v", pkg, err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				scan(t, pkg, file, used)
			}
		}
	}
	for _, b := range banned {
		for file := range b.except {
			if !used[file+" "+b.pkg+"."+b.names] {
				t.Errorf("the exception of %s for %s.%s is not needed any more; take it away", file, b.pkg, b.names)
			}
		}
	}
}

// scan looks at one file.
func scan(t *testing.T, pkg, file string, used map[string]bool) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	short := pkg + "/" + filepath.Base(file)
	for _, f := range findings(t, short, string(text), used) {
		t.Error(f)
	}
}

// findings are the banned imports and calls of a source text.
func findings(t *testing.T, file, text string, used map[string]bool) []string {
	t.Helper()
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	add := func(pos token.Pos, what, why string) {
		list = append(list, fset.Position(pos).String()+": "+what+": "+why)
	}
	names := make(map[string]string) // as imported: package
	for _, imp := range tree.Imports {
		path, _ := strconv.Unquote(imp.Path.Value)
		if why, bad := bannedImports[path]; bad {
			add(imp.Pos(), "import "+path, why)
		}
		base := path[strings.LastIndexByte(path, '/')+1:]
		switch {
		case imp.Name == nil:
			names[base] = base
		case imp.Name.Name == ".":
			add(imp.Pos(), "import . "+path, "hides where a name is from")
		default:
			names[imp.Name.Name] = base
		}
	}
	ast.Inspect(tree, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := sel.X.(*ast.Ident)
		if !ok || names[x.Name] == "" {
			return true
		}
		for _, b := range banned {
			if b.pkg != names[x.Name] || !contains(b.names, sel.Sel.Name) {
				continue
			}
			if _, right := b.except[file]; right {
				used[file+" "+b.pkg+"."+b.names] = true
				continue
			}
			add(sel.Pos(), b.pkg+"."+sel.Sel.Name, b.why)
		}
		return true
	})
	return list
}

func contains(names, name string) bool { return strings.Contains(" "+names+" ", " "+name+" ") }

// The scan finds what it is for.
func TestScan(t *testing.T) {
	for _, test := range []struct {
		file, text string
		want       []string
	}{
		{"dirs/a.go", `package making; import "os"; var _ = os.Chmod`, []string{"dirs/a.go:1:", "os.Chmod"}},
		{"dirs/a.go", `package making; import x "os"; func f() { x.MkdirAll("", 0) }`, []string{"os.MkdirAll"}},
		{"dirs/a.go", `package making; import "golang.org/x/sys/unix"; func f() { unix.Chmod("", 0) }`, []string{"unix.Chmod"}},
		{"making/users.go", `package making; import "golang.org/x/sys/unix"; func f() { unix.Chmod("", 0) }`, nil},
		{"sys/a.go", `package sys; import "fmt"`, []string{"import fmt"}},
		{"sys/a.go", `package sys; import . "os"`, []string{"import . os"}},
		{"sys/a.go", `package sys; import "syscall"; var os = 1; var _ = syscall.Getpid()`, nil},
		{"helper/a.go", `package helper; import "syscall"; var _, _ = syscall.Getenv("PATH")`, []string{"syscall.Getenv"}},
		{"capset/a.go", `package capset; import "golang.org/x/sys/unix"; const f = unix.SYS_SETFSUID`, []string{"unix.SYS_SETFSUID"}},
	} {
		got := strings.Join(findings(t, test.file, test.text, map[string]bool{}), "\n")
		for _, want := range test.want {
			if !strings.Contains(got, want) {
				t.Errorf("findings(%q) = %q; want %s", test.text, got, want)
			}
		}
		if test.want == nil && got != "" {
			t.Errorf("findings(%q) = %q; want none", test.text, got)
		}
	}
}
