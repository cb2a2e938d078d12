package compile

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/account"
	"tmpshell/internal/policy"
)

// directoryServer is a name service that has some entries, of both databases.
type directoryServer struct {
	entries map[string]uint32 // "passwd alice"
	err     error             // what it ends with in place of its answers
	asked   []string
}

func (d *directoryServer) ask(read func([]byte) bool, database string, keys ...string) error {
	d.asked = append(d.asked, database+" "+strings.Join(keys, " "))
	if d.err != nil {
		return d.err
	}
	missing := false
	for _, k := range keys {
		found := false
		for entry, id := range d.entries {
			db, name, _ := strings.Cut(entry, " ")
			if db != database || name != k && fmt.Sprint(id) != k {
				continue
			}
			found = true
			if db == account.Users {
				read(fmt.Appendf(nil, "%s:*:%d:5::/:/bin/sh\n", name, id))
			} else {
				read(fmt.Appendf(nil, "%s:*:%d:%s\n", name, id, strings.Repeat("member,", 100_000)))
			}
		}
		missing = missing || !found
	}
	if missing {
		return account.ErrNotFound
	}
	return nil
}

// network makes a machine's name service one of the network.
func network(t *testing.T, n *Names, d *directoryServer) {
	t.Helper()
	n.Service = &account.Service{Ask: d.ask}
	put(t, n.NSSwitch, "passwd: files ldap\ngroup:\tfiles ldap # network\n")
}

const labPolicy = "Exempt carol\nMatch Group lab\nNoNewPrivileges yes\nShell /bin/rbash\nAmbient cap_net_raw\nMatch User carol\nOnFailure deny"

func at(seconds int64) func() time.Time { return func() time.Time { return time.Unix(seconds, 0) } }

// compiled compiles with a machine at a time, after a policy of before.
func compiled(t *testing.T, n *Names, before *policy.File, now int64, lines ...string) (*policy.File, Result) {
	t.Helper()
	r, err := All(mustParse(t, lines...), Options{Names: n, Before: before, Now: at(now)})
	if err != nil {
		t.Fatal(err)
	}
	return use(t, r.Policy), r
}

func says(t *testing.T, n *Names, f *policy.File, w Who) *policy.Policy {
	t.Helper()
	p, err := n.Resolve(f, w)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A number that the name service has said is kept when it says that there is no
// such name, and when it does not answer.
func TestNumbersSurvive(t *testing.T) {
	n := machine(t, root, alice)
	d := &directoryServer{entries: map[string]uint32{"group lab": 7000, "passwd carol": 5001}}
	network(t, n, d)
	f, r := compiled(t, n, nil, 1000, labPolicy)
	if len(r.Unknown) > 0 || r.Failed != nil || f.Flags() != 0 || long(f, policy.AtExpires) != 1000+normalAge {
		t.Errorf("unknown %q, %v, flags %d, expires %d; want nothing, and %d", r.Unknown, r.Failed, f.Flags(), long(f, policy.AtExpires), 1000+normalAge)
	}
	inLab := Who{UID: 6000, GID: 5, Groups: []uint32{6, 7000}}
	check := func(when string, f *policy.File) {
		t.Helper()
		p := says(t, n, f, inLab)
		if !p.NoNewPrivileges || p.Shell != "/bin/rbash" || p.Ambient == 0 || p.Deny || p.Exempt {
			t.Errorf("%s: somebody in lab gets %+v; want what the block says", when, View(p))
		}
		if p := says(t, n, f, Who{UID: 5001, GID: 5}); !p.Exempt || !p.Deny || p.NoNewPrivileges {
			t.Errorf("%s: carol gets %+v; want them to be exempt", when, View(p))
		}
		if p := says(t, n, f, Who{UID: 1000, GID: 5}); p.Exempt || p.Deny || p.NoNewPrivileges {
			t.Errorf("%s: alice gets %+v; want nothing of it", when, View(p))
		}
	}
	check("while the server answers", f)
	for _, down := range []struct {
		what string
		err  error
	}{{"not found", account.ErrNotFound}, {"no answer", errors.New("no answer in time")}} {
		network(t, n, &directoryServer{err: down.err})
		later, r := compiled(t, n, f, 2000, labPolicy)
		check(down.what, later)
		if long(later, policy.AtExpires) != 2000+soon {
			t.Errorf("%s: expires %d; want %d", down.what, long(later, policy.AtExpires), 2000+soon)
		}
		if named := later.Flags()&policy.FlagNames != 0; named != (down.err != account.ErrNotFound) || named != (r.Failed != nil) {
			t.Errorf("%s: flags %d, failed %v", down.what, later.Flags(), r.Failed)
		}
		// It does not forget by being asked again and again, before its time.
		again, _ := compiled(t, n, later, 1000+keepFor-1, labPolicy)
		check(down.what+" for 30 days", again)
		forgotten, r := compiled(t, n, again, 1000+keepFor, labPolicy)
		if diff := cmp.Diff([]string{"conf:1: nobody knows the user carol", "conf:2: nobody knows the group lab"}, texts(r.Unknown)); diff != "" {
			t.Errorf("%s: unknown (-want +got):\n%s", down.what, diff)
		}
		checkStrict(t, n, forgotten)
	}
}

// checkStrict: of a name without a number, what restricts counts for everybody
// who may be called so, and what grants does not.
func checkStrict(t *testing.T, n *Names, f *policy.File) {
	t.Helper()
	p := says(t, n, f, Who{UID: 6000, GID: 5})
	if !p.NoNewPrivileges || !p.Deny || p.Shell != "/bin/rbash" || p.Ambient != 0 || p.Exempt || !p.Unknown {
		t.Errorf("somebody of the network gets %+v; want what restricts alone", View(p))
	}
	w := alice.who()
	if p := says(t, n, f, w); p.NoNewPrivileges || p.Deny || p.Exempt || p.Unknown {
		t.Errorf("alice, whose names the files have, gets %+v; want nothing of it", View(p))
	}
}

// The same where there never was an answer.
func TestNamesNeverKnown(t *testing.T) {
	for _, err := range []error{account.ErrNotFound, errors.New("no answer in time")} {
		n := machine(t, root, alice)
		network(t, n, &directoryServer{err: err})
		f, r := compiled(t, n, nil, 1000, labPolicy)
		if len(r.Unknown) != 2 {
			t.Errorf("unknown = %q; want two names", r.Unknown)
		}
		checkStrict(t, n, f)
	}
}

// The account files come first; what they have, nobody is asked for.
func TestFilesFirst(t *testing.T) {
	n := machine(t, root, alice, someone{uid: 5, name: "carol"}, someone{uid: 6, groups: []string{"lab"}})
	d := &directoryServer{entries: map[string]uint32{"group lab": 7000, "passwd carol": 1000}}
	network(t, n, d)
	f, _ := compiled(t, n, nil, 1000, labPolicy)
	if len(d.asked) > 0 || long(f, policy.AtExpires) != 0 || len(learntOf(f)) > 0 {
		t.Errorf("asked %q, expires %d, learnt %v; want none", d.asked, long(f, policy.AtExpires), learntOf(f))
	}
	if p := says(t, n, f, Who{UID: 5, GID: 7000}); !p.Exempt || p.NoNewPrivileges {
		t.Errorf("carol gets %+v; want the files' number", View(p))
	}
	var got []string
	for _, s := range sourcesOf(f) {
		got = append(got, s.Path)
	}
	if diff := cmp.Diff([]string{n.Passwd, n.Group, n.NSSwitch}, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
	// An account file that cannot be read is no answer.
	n.Group = t.TempDir()
	if _, err := All(mustParse(t, labPolicy), Options{Names: n}); err == nil || IsWrong(err) {
		t.Errorf("a group file that cannot be read = %v; want an error that is not the configuration's", err)
	}
}

// Groups of any size (SSSD#6982).
func TestLargeGroups(t *testing.T) {
	n := machine(t, root, alice)
	var b strings.Builder
	for g := range 60 {
		fmt.Fprintf(&b, "large%d:x:%d:", g, 8000+g)
		for i := range 80_000 / 20 {
			fmt.Fprintf(&b, "a-member-with-a-long-name-%d,", i)
		}
		b.WriteString("\n")
	}
	b.WriteString("last:x:9999:\n")
	put(t, n.Group, b.String())
	d := &directoryServer{entries: map[string]uint32{"group net": 7000}}
	network(t, n, d)
	f, r := compiled(t, n, nil, 1, "Match Group last,large59\nNoNewPrivileges yes\nMatch Group net\nOnFailure deny\nMatch Group l*st\nLog all")
	if len(r.Unknown) > 0 {
		t.Errorf("unknown: %q", r.Unknown)
	}
	p := says(t, n, f, Who{UID: 5, GID: 9999, Groups: []uint32{8059, 7000}})
	if !p.NoNewPrivileges || !p.Deny || p.Log != policy.LogAll {
		t.Errorf("somebody in large groups gets %+v; want all of it", View(p))
	}
}

// What the helper learns of a caller for patterns.
func TestLearn(t *testing.T) {
	n := machine(t, root, alice)
	d := &directoryServer{entries: map[string]uint32{"passwd carol": 5001, "group labs": 7000}}
	network(t, n, d)
	r, err := All(mustParse(t, "Match Group lab*\nNoNewPrivileges yes\nMatch User c*\nAmbient cap_net_raw"), Options{Names: n, Now: at(1000)})
	if err != nil {
		t.Fatal(err)
	}
	f := use(t, r.Policy)
	carol := Who{UID: 5001, GID: 7000, Groups: []uint32{7001}}
	p := says(t, n, f, carol)
	if !p.Unlearnt || !p.NoNewPrivileges || p.Ambient != 0 {
		t.Errorf("before: %+v, unlearnt %v; want what restricts alone", View(p), p.Unlearnt)
	}
	data, err := n.Learn(f, r.Policy, carol, true, 2000)
	if err != nil {
		t.Fatal(err)
	}
	f = use(t, data)
	if shell, _, _ := f.Learnt(policy.SubjectShell, 5001); shell != "/bin/sh" {
		t.Errorf("carol's shell is %q; want /bin/sh", shell)
	}
	if p := says(t, n, f, carol); !p.NoNewPrivileges || p.Ambient == 0 {
		t.Errorf("after: %+v; want all of it", View(p))
	}
	if diff := cmp.Diff([]string{"passwd 5001", "group 7000 7001"}, d.asked); diff != "" {
		t.Errorf("questions (-want +got):\n%s", diff)
	}
	// A gid that the network does not know may be one that it does not say.
	if p := says(t, n, f, Who{UID: 1000, GID: 7001}); !p.Unlearnt || !p.NoNewPrivileges {
		t.Errorf("a gid without a name: %+v, unlearnt %v; want the strict side", View(p), p.Unlearnt)
	}
	// Learnt is what a compilation keeps, for a day.
	for _, test := range []struct {
		now  int64
		keep int
	}{{2000 + learntAge - 1, 3}, {2000 + learntAge, 0}, {1999, 0}} {
		again, err := All(mustParse(t, "Match Group lab*\nNoNewPrivileges yes"), Options{Names: n, Before: f, Now: at(test.now)})
		if err != nil {
			t.Fatal(err)
		}
		if got := learntOf(use(t, again.Policy)); len(got) != test.keep {
			t.Errorf("at %d, %v are kept; want %d", test.now, got, test.keep)
		}
	}
	// Where there are files alone, "none" is an answer.
	put(t, n.NSSwitch, "passwd: files\ngroup: files [NOTFOUND=return] db\n")
	if data, err = n.Learn(f, data, Who{UID: 4242, GID: 4243}, true, 2000); err != nil {
		t.Fatal(err)
	}
	if p := says(t, n, use(t, data), Who{UID: 4242, GID: 4243}); p.Unlearnt || p.NoNewPrivileges {
		t.Errorf("somebody without names: %+v, unlearnt %v; want no block to match", View(p), p.Unlearnt)
	}
}

func TestGid(t *testing.T) {
	for _, test := range []struct {
		line string
		gids []uint32
		want bool
	}{
		{"Match Gid 50", []uint32{5, 50}, true},
		{"Match Gid 50", []uint32{50}, true},
		{"Match Gid 50", []uint32{5, 51}, false},
		{"Match Gid 50-60,!55", []uint32{5, 51}, true},
		{"Match Gid 50-60,!55", []uint32{51, 55}, false},
		{"Match Gid 1000- Uid 7", []uint32{1000}, true},
		{"Match Gid 1000- Uid 8", []uint32{1000}, false},
	} {
		data, err := Config(mustParse(t, test.line, "Log all"), Options{Names: machine(t)})
		if err != nil {
			t.Fatal(err)
		}
		p := says(t, machine(t), use(t, data), Who{UID: 7, GID: test.gids[0], Groups: test.gids[1:]})
		if got := p.Log == policy.LogAll; got != test.want {
			t.Errorf("%s, gids %v: %v; want %v", test.line, test.gids, got, test.want)
		}
	}
}
