package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tmpshell/e2e/rig"
	"tmpshell/e2e/view"
)

// records are accounts of userdb's; as files, which write writes, or of a service.
type records struct {
	*rig.UserDB
	write func()
}

func (r records) group(name string, change func(*rig.GroupRecord)) {
	r.Change(func(_ *[]rig.UserRecord, groups *[]rig.GroupRecord) {
		change(&(*groups)[slices.IndexFunc(*groups, func(g rig.GroupRecord) bool { return g.Name == name })])
	})
	r.write()
}

func (r records) Regroup() {
	for _, name := range []string{"inner", "outer"} {
		r.group(name, func(g *rig.GroupRecord) { g.Members = nil })
	}
	r.group("course", func(g *rig.GroupRecord) { g.Members = append(g.Members, "carol") })
}
func (r records) Renumber() { r.group("course", func(g *rig.GroupRecord) { g.GID = 5104 }) }
func (r records) Rename()   { r.group("lab", func(g *rig.GroupRecord) { g.Name = "lab2" }) }
func (r records) Remove()   { r.rename("carol", "") }

// rename gives an account another name, or removes it.
func (r records) rename(name, to string) {
	r.Change(func(users *[]rig.UserRecord, _ *[]rig.GroupRecord) {
		i := slices.IndexFunc(*users, func(u rig.UserRecord) bool { return u.Name == name })
		if (*users)[i].Name = to; to == "" {
			*users = slices.Delete(*users, i, i+1)
		}
	})
	r.write()
}

// newRecords are those of peopleOf.
func newRecords(t *testing.T) *rig.UserDB {
	everybody := []string{"carol"}
	for i := range 300 {
		everybody = append(everybody, fmt.Sprint("student.number.", i))
	}
	return rig.NewUserDB(t, []rig.UserRecord{
		{Name: "carol", UID: 5000, GID: 5000, Home: "/home/carol", Shell: rig.Tmpshell},
		{Name: "dave", UID: 5900, GID: 5000, Home: "/"},
		{Name: "restricted", UID: 5901, GID: 5000, Home: "/", Shell: "/bin/rbash"},
		{Name: "refused", UID: 5902, GID: 5000, Home: "/", Shell: "/usr/sbin/nologin"},
	}, []rig.GroupRecord{
		{Name: "primary", GID: 5000, Members: []string{"dave"}},
		{Name: "lab", GID: 5001, Members: []string{"carol"}},
		{Name: "inner", GID: 5002, Members: []string{"carol"}},
		{Name: "outer", GID: 5003, Members: []string{"carol"}},
		{Name: "course", GID: 5004, Members: []string{"dave"}},
		{Name: "everybody", GID: 5005, Members: everybody},
	})
}

// startRecords has a service answer.
func startRecords(t *testing.T) records {
	d := newRecords(t)
	d.Start()
	t.Cleanup(d.Stop)
	rig.NameService(t, "systemd")
	return records{d, func() {}}
}

// TestUserDB has accounts that are records of systemd's userdb: those of a service, which
// libnss-systemd asks itself, whether systemd-userdbd runs or not.
func TestUserDB(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	directory(t, "userdb, a service", startRecords(t), true)
}

// TestUserDBFiles has them as files in /etc/userdb.
func TestUserDBFiles(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	d := newRecords(t)
	d.Write()
	rig.NameService(t, "systemd")
	directory(t, "userdb, files", records{d, d.Write}, false)
}

// TestExtrausers has the same accounts in the files of libnss-extrausers.
func TestExtrausers(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	needExtrausers(t)
	d := newRecords(t)
	write := func() {
		var passwd, group strings.Builder
		d.Change(func(users *[]rig.UserRecord, groups *[]rig.GroupRecord) {
			for _, u := range *users {
				fmt.Fprintf(&passwd, "%s:x:%d:%d::%s:%s\n", u.Name, u.UID, u.GID, u.Home, u.Shell)
			}
			for _, g := range *groups {
				fmt.Fprintf(&group, "%s:x:%d:%s\n", g.Name, g.GID, strings.Join(g.Members, ","))
			}
		})
		rig.Write(t, "/var/lib/extrausers/passwd", passwd.String(), 0o644)
		rig.Write(t, "/var/lib/extrausers/group", group.String(), 0o644)
	}
	write()
	rig.NameService(t, "extrausers")
	directory(t, "libnss-extrausers", records{d, write}, false)
}

// TestUserDBAccounts: what else a configuration says of accounts, and their shells,
// with the service there, dead, hanging, and never seen.
func TestUserDBAccounts(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	r := startRecords(t)
	conf := []string{"Exempt root dave @outer", "Match Gid 5004", "SetEnv A=gid",
		"Match User carol", "NoNewPrivileges yes", "SetEnv B=carol", "Match User caroline", "SetEnv C=caroline"}
	rig.Install(t, conf...)
	const what = "echo nnp$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status) ${TMPDIR-exempt} $A $B $C"
	type want struct {
		uid                 uint32
		groups              []uint32
		argv0, script, want string
	}
	try := func(when string, list []want) {
		t.Helper()
		for _, w := range list {
			r := rig.Command{As: &rig.Account{UID: w.uid, GID: 5000, Groups: w.groups}, Path: rig.Tmpshell,
				Args: []string{w.argv0, "-c", w.script}, Env: []string{"PATH=/usr/bin:/bin", "HOME=/"}}.Run(t)
			if got := strings.TrimSpace(r.Stdout + r.Stderr); got != w.want {
				t.Errorf("%s: %d %d: %q; want %q", when, w.uid, w.groups, got, w.want)
			}
		}
	}
	always := []want{
		{5000, []uint32{5004}, "tmpshell", what, "nnp1 /tmp/.private/5000 gid carol"},
		{5900, nil, "tmpshell", what, "nnp0 exempt"},
		{5000, []uint32{5003}, "tmpshell", what, "nnp0 exempt"},
		{5901, nil, "tmpshell", "cd /; echo ended", "ended\nrbash: line 1: cd: restricted"},
		{5902, nil, "tmpshell", "echo in", "This account is currently not available."},
	}
	try("service there", always)
	failing := func(how string) {
		for _, again := range []string{"an hour later", "another hour later"} {
			agePolicy(t, 2*time.Hour)
			try(how+", "+again, always)
		}
		rig.Configure(t, append(conf, "# "+how)...)
		try(how+", configuration changed", always)
	}
	r.Stop()
	failing("service dead")
	r.Start()
	r.Hang(true)
	failing("service hangs")
	r.Hang(false)

	r.rename("carol", "caroline")
	agePolicy(t, time.Hour)
	try("renamed, an hour later", []want{{5000, nil, "tmpshell", what, "nnp1 /tmp/.private/5000 carol caroline"}})

	r.Stop()
	rig.Must(t, "rm", rig.Policy)
	const noShell = "tmpshell: the name service did not say what the shell of this account is; no session"
	try("never seen", []want{
		{5000, []uint32{5004}, "-tmpshell", what, "nnp1 /tmp/.private/5000 gid"},
		{5900, nil, "-tmpshell", what, "nnp1 /tmp/.private/5900"},
		{5901, nil, "tmpshell", "cd /; echo ended", noShell},
		{5902, nil, "tmpshell", "echo in", noShell},
	})
}

// TestUserDBSlowGroup: a group that the service needs longer for than a login waits is
// as one that cannot be learned, until setup, which waits longer, has learned it.
func TestUserDBSlowGroup(t *testing.T) {
	if !view.Enter(t) {
		return
	}
	r := startRecords(t)
	rig.Install(t)
	r.Slow("outer")
	rig.Configure(t, "Match Group lab", "SetEnv B=lab", "Match Group outer", "NoNewPrivileges yes", "SetEnv A=outer")
	try := func(when string, groups []uint32, want string) {
		t.Helper()
		r := rig.Command{As: &rig.Account{UID: 5000, GID: 5000, Groups: groups}, Path: rig.Tmpshell, Env: []string{"PATH=/usr/bin:/bin", "HOME=/"},
			Args: []string{"tmpshell", "-c", "echo nnp$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status) $A $B"}}.Run(t)
		if got := strings.TrimSpace(r.Stdout + r.Stderr); got != want {
			t.Errorf("%s: %d: %q; want %q", when, groups, got, want)
		}
	}
	in, out := []uint32{5001, 5003}, []uint32{5001}
	try("not known", in, "nnp1 lab")
	if r := rig.Sh(t, "tmpshellctl check"); r.Stdout != rig.Conf+": ok\n" {
		t.Errorf("check, which may wait: %q", r.Stdout)
	}
	if r := rig.Sh(t, "tmpshellctl setup"); r.Status != 0 || strings.Contains(r.Stdout, "does not answer") {
		t.Errorf("setup: %+v", r)
	}
	try("set up", in, "nnp1 outer lab")
	try("set up", out, "nnp0 lab")
	agePolicy(t, 2*time.Hour)
	try("two hours later", in, "nnp1 outer lab")
}
