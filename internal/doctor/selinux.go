package doctor

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/build"
	"tmpshell/internal/making"
)

// selinuxfs is where the kernel's SELinux is, if it is on (selinuxfs(5) of Linux's
// Documentation/ABI).
var selinuxfs = "/sys/fs/selinux"

// labelled are programs and the types that etc/selinux/tmpshell.te has for them.
var labelled = []struct{ path, typ string }{
	{build.Helper(), "tmpshell_helper_exec_t"},
	{build.Session(), "tmpshell_session_exec_t"},
	{build.Remover(), "tmpshell_remover_exec_t"},
}

// checkSELinux: the policy has the module of tmpshell's, without which confined users get
// no directory, and what stands for a directory has its label.
func checkSELinux(m *machine, r *report) error {
	enforce, err := os.ReadFile(selinuxfs + "/enforce")
	if errors.Is(err, fs.ErrNotExist) {
		r.otherwise("SELinux is off")
		return nil
	}
	if err != nil {
		return err
	}
	state := "permissive"
	say := func(fact string, fix *Fix) { r.add(Note, "SELinux is permissive: "+fact, fix) }
	if strings.TrimSpace(string(enforce)) == "1" {
		state, say = "enforcing", r.warn
	}
	if loaded, known := isModuleLoaded(); known && !loaded {
		say("the policy of SELinux does not have the module of tmpshell: confined users (user_u, staff_u) get no private directory", loadModule)
	} else {
		for _, p := range labelled {
			if is := label(p.path); is != "" && !strings.Contains(is, ":"+p.typ+":") && known {
				say(p.path+" has the label "+is+", and should have the type "+p.typ+": what it needs is forbidden to confined users", run("restorecon", "-F", p.path))
			}
		}
	}
	r.labels(m, say)
	r.otherwise("SELinux is " + state + ", and labels are as they must be")
	return nil
}

// loadModule builds and loads it.
var loadModule = run("sh", build.Examples+"/selinux/load.sh")

// labels looks at what root has made in the place of directories.
func (r *report) labels(m *machine, say func(string, *Fix)) {
	differ := func(shared, path string) {
		want, have := label(shared), label(path)
		if want != "" && have != "" && want != have {
			say(path+" has the label "+have+", and what it stands for, "+shared+", has "+want, setUp)
		}
	}
	for _, b := range m.needs.Bases {
		differ(string(b), b.Path())
	}
	for _, i := range shared(m.needs.Instances) {
		users, _ := making.Users(i) // said already, or only root can tell
		slices.Sort(users)
		for _, uid := range users {
			differ(i.At, making.InstancePath(i, uid))
		}
	}
}

// label is empty where there is none, or none can be seen.
func label(path string) string {
	buf := make([]byte, 4096)
	n, err := unix.Lgetxattr(path, "security.selinux", buf)
	if err != nil {
		return ""
	}
	return strings.TrimRight(string(buf[:n]), "\x00")
}

// isModuleLoaded asks the kernel whether a type of the module exists; not known: it may
// not be asked.
func isModuleLoaded() (loaded, known bool) {
	context := "system_u:object_r:tmpshell_run_t"
	if mls, err := os.ReadFile(selinuxfs + "/mls"); err == nil && strings.TrimSpace(string(mls)) == "1" {
		context += ":s0"
	}
	err := os.WriteFile(selinuxfs+"/context", []byte(context), 0)
	return err == nil, err == nil || errors.Is(err, unix.EINVAL)
}
