package session

import (
	"errors"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sample"
)

const good = "<nil>"

// A session has all of its directories, and what they are to be is what is seen.
func TestEnter(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	must(t, os.WriteFile(top+"/public/everybodys", nil, 0o644))
	a := asAlice(t, top, "cd=/public", "mount=public", "mount=cache", "flags", "fresh=vault", "present", "enter", "present",
		"look=/public", "look=/public/meet", "look=/cache", "look=/vault", "look=/run/places/shared/"+shareName(top, "public"))
	if a.one("trouble") != good || a["notice"] != nil || a["effective"] != nil {
		t.Errorf("trouble %s, notices %q, effective %s", a.one("trouble"), a["notice"], a.one("effective"))
	}
	if a.one("present") != "false\ntrue" {
		t.Errorf("present before and after: %q", a["present"])
	}
	if cwd := a.one("cwd"); !strings.HasPrefix(cwd, "/public ") {
		t.Errorf("the working directory is %s", cwd)
	}
	for i, want := range []string{
		"0:0 41777 tmpfs:true size:* [meet] ", "0:0 41777 * [] ", "61001:61001 40700 * noexec:true [meet] ",
		"61001:61001 40700 tmpfs:true size:* [] ", "0:0 41777 * [deep everybodys meet] ",
	} {
		if !fits(a["look"][i], want) {
			t.Errorf("directory %d is %s; want %s", i, a["look"][i], want)
		}
	}
	if n := strings.Count(records(t, top), "\n"); n != 0 {
		t.Errorf("a session with a tmpfs has put %d records on the list", n)
	}
}

// fits tells whether all that "*" separates is in a text, in this order.
func fits(text, pattern string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(text, parts[0]) {
		return false
	}
	for _, part := range parts {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return text == ""
}

// A tmpfs has a size: what the configuration says, or else far less than half of
// the memory.
func TestTmpfsSize(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	var info unix.Sysinfo_t
	must(t, unix.Sysinfo(&info))
	memory := uint64(info.Totalram) * uint64(info.Unit)
	if size := defaultSize(); size == 0 || size > memory/9 || size > 2<<30 {
		t.Errorf("of %d bytes of memory a tmpfs has %d", memory, size)
	}
	a := asAlice(t, top, "fresh=public", "fresh=cache", "size", "enter", "look=/public", "look=/cache")
	if a.one("trouble") != good {
		t.Fatal(a.one("trouble"))
	}
	if got := a["look"][0]; strings.Contains(got, "size:0 ") || strings.Contains(got, "inodes:0 ") {
		t.Errorf("without size= there is %s", got)
	}
	if got := a["look"][1]; !strings.Contains(got, "size:1048576 inodes:20 ") {
		t.Errorf("with size=1m inodes=20 there is %s", got)
	}
}

// Sessions of one batch job are in one namespace, and see what is the job's; another
// job, and a session of none, has its own. A job of which root knows nothing has the
// user's own, and so has a session inside.
func TestJobs(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	name := shareName(top, "public")
	jobs := []string{"17", "18", "1", "2", "3", "4", "5"}
	for _, job := range jobs {
		dir := top + "/lib/store/61001." + job
		must(t, errors.Join(os.Mkdir(dir, 0o700), os.Mkdir(dir+"/"+name, 0o700), os.Chmod(dir+"/"+name, 0o777|os.ModeSticky),
			os.Mkdir(dir+"/"+name+"/meet", 0o755), os.WriteFile(dir+"/"+name+"/of"+job, nil, 0o644)))
	}
	own := hold(t, top, "mount=public", "enter", "look=/public", "drop")
	first := hold(t, top, "mount=public", "job=17", "enter", "look=/public", "drop")
	for _, job := range jobs[2:] { // more than are looked at
		hold(t, top, "mount=public", "job="+job, "enter", "drop")
	}
	for _, c := range []struct{ job, names, ns string }{
		{"17", "[meet of17]", first.one("ns")},
		{"18", "[meet of18]", ""},
		{"19", "[meet]", own.one("ns")},
	} {
		a := asAlice(t, top, "mount=public", "job="+c.job, "enter", "present", "look=/public")
		if a.one("trouble") != good || !strings.Contains(a.one("look"), c.names) || a.one("present") != "true" {
			t.Errorf("job %s: %s, present %s, %s; want %s", c.job, a.one("trouble"), a.one("present"), a.one("look"), c.names)
		}
		if ns := a.one("ns"); c.ns != "" && ns != c.ns || c.ns == "" && (ns == own.one("ns") || ns == first.one("ns")) {
			t.Errorf("job %s is in %s; want %q", c.job, ns, c.ns)
		}
	}
}

// Sessions of one policy are in one namespace, wherever they begin; a working
// directory that was removed, or is not there, costs none.
func TestJoin(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	must(t, os.Mkdir(top+"/elsewhere", 0o755))
	must(t, os.MkdirAll(top+"/closed/deep", 0o755))
	must(t, os.Chmod(top+"/closed", 0o700))
	first := hold(t, top, "mount=public", "mount=cache", "enter", "drop")
	if first.one("trouble") != good || strings.Count(records(t, top), "\n") != 1 {
		t.Fatalf("the first session: %s; the list is\n%s", first.one("trouble"), records(t, top))
	}
	plan := []string{"mount=public", "mount=cache", "enter"}
	for _, c := range []struct{ name, cd, cwd string }{
		{"elsewhere", "/elsewhere", "/elsewhere "},
		{"in what is mounted over", "/public", "/public "},
		{"deep in what is covered", "/public/deep", "/run/places/shared/"},
		{"above", "/..", path.Dir(top) + " "},
	} {
		a := asAlice(t, top, append([]string{"cd=" + c.cd}, plan...)...)
		if a.one("ns") != first.one("ns") || a.one("root") != first.one("root") || a.one("trouble") != good {
			t.Errorf("%s: %s in %s; want to be in %s", c.name, a.one("trouble"), a.one("ns"), first.one("ns"))
		}
		if !strings.HasPrefix(a.one("cwd"), c.cwd) {
			t.Errorf("%s: the working directory is %s", c.name, a.one("cwd"))
		}
	}
	must(t, os.Mkdir(top+"/public/removed", 0o700))
	must(t, os.Chown(top+"/public/removed", alice, alice))
	a := asAlice(t, top, append([]string{"cd=/public/removed", "rmdir=/public/removed"}, plan...)...)
	if a.one("ns") != first.one("ns") || !strings.HasPrefix(a.one("cwd"), "/public/removed (deleted) ") {
		t.Errorf("in a removed directory: in %s, %s", a.one("ns"), a.one("cwd"))
	}
	for name, other := range map[string][]string{
		"another order":       {"mount=cache", "mount=public", "enter"},
		"other options":       {"mount=public", "mount=cache", "flags", "enter"},
		"another propagation": {"mount=public", "mount=cache", "private", "enter"},
		"a third propagation": {"mount=public", "mount=cache", "shared", "enter"},
		"with a tmpfs":        {"mount=public", "mount=cache", "fresh=vault", "enter"},
	} {
		if name == "a third propagation" && !canShare() {
			continue
		}
		if a := asAlice(t, top, other...); a.one("ns") == first.one("ns") || a.one("trouble") != good {
			t.Errorf("%s: %s in %s", name, a.one("trouble"), a.one("ns"))
		}
	}
	first.end()
	if a := asAlice(t, top, plan...); a.one("trouble") != good {
		t.Errorf("when the first has ended: %s", a.one("trouble"))
	}
}

// What a session has left running keeps its namespace for the next one: also on a
// kernel that finds none by its name.
func TestSurvivor(t *testing.T) {
	if !world(t) {
		return
	}
	for _, kernel := range []string{"new", "old"} {
		top := furnish(t)
		first := asAlice(t, top, kernel, "mount=public", "enter", "drop", "daemon")
		pid, err := strconv.Atoi(first.one("daemon"))
		must(t, err)
		second := asAlice(t, top, kernel, "mount=public", "enter")
		other := asAlice(t, top, kernel, "mount=public", "flags", "enter")
		must(t, unix.Kill(pid, unix.SIGKILL))
		if second.one("ns") != first.one("ns") || second.one("trouble") != good {
			t.Errorf("%s: the second session: %s, in %s; the first was in %s", kernel, second.one("trouble"), second.one("ns"), first.one("ns"))
		}
		if other.one("ns") == first.one("ns") || other.one("trouble") != good {
			t.Errorf("%s: a session of another policy: %s, in %s", kernel, other.one("trouble"), other.one("ns"))
		}
	}
}

// A directory that the user may not search can be what the session begins in.
func TestJoinClosed(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	must(t, os.MkdirAll(top+"/closed/deep", 0o755))
	must(t, os.Chmod(top+"/closed", 0o700))
	first := hold(t, top, "mount=public", "enter")
	for _, dir := range []string{"/closed", "/closed/deep"} {
		// The capabilities that alice begins with let her go there.
		a := asAlice(t, top, "cd="+dir, "mount=public", "enter")
		if a.one("ns") != first.one("ns") || !strings.HasPrefix(a.one("cwd"), dir+" ") {
			t.Errorf("begun in %s: %s, in %s, cwd %s", dir, a.one("trouble"), a.one("ns"), a.one("cwd"))
		}
	}
}

// Nobody is led out of a chroot(2): a session there neither enters another's
// namespace, nor does another enter its.
func TestChroot(t *testing.T) {
	if !world(t) {
		return
	}
	for _, mountPoint := range []bool{false, true} {
		top := furnish(t)
		if mountPoint {
			must(t, errors.Join(os.Mkdir(top+"/jail", 0o755), unix.Mount(top+"/jail", top+"/jail", "", unix.MS_BIND, "")))
		}
		jail := jail(t, top)
		must(t, os.WriteFile(top+"/outside", nil, 0o644))
		plan := []string{"chroot=/jail", "mount=public", "mount=cache", "enter", "look=/public", "look=/../outside"}
		first := hold(t, top, plan...)
		second := asAlice(t, top, plan...)
		for i, a := range []answers{first.answers, second} {
			if a.one("trouble") != good {
				t.Errorf("mount point %v, session %d: %s", mountPoint, i, a.one("trouble"))
			}
			if a.one("root") != first.one("root") || !strings.Contains(a["look"][1], "no such file") {
				t.Errorf("mount point %v, session %d: the root directory is %s, outside there is %s", mountPoint, i, a.one("root"), a["look"][1])
			}
			if !fits(a["look"][0], "0:0 41777 * [meet] ") {
				t.Errorf("mount point %v, session %d: /public is %s", mountPoint, i, a["look"][0])
			}
		}
		if second.one("ns") == first.one("ns") {
			t.Errorf("mount point %v: the second session is in the namespace of the first", mountPoint)
		}
		// One whose root directory is a mount point cannot know.
		if got := records(t, jail); got != "" && !mountPoint {
			t.Errorf("the list is %q", got)
		}
		first.end()
	}
}

// TestEnterFaults makes each system call of Enter fail, one in each run. A session
// has everything, or it is where it was, or the trouble says that it is neither.
func TestEnterFaults(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	furnishAt(t, top, "") // as in the jail
	jail(t, top)
	pivot(t, top)
	top = ""
	for _, c := range []struct {
		name, chroot string
		joins        bool
		how          string
	}{{"the first", "", false, "new"}, {"another", "", true, "new"}, {"in a chroot", "/jail", false, "new"}, {"shared", "", false, "shared"}} {
		if c.how == "shared" && !canShare() {
			continue
		}
		begin := []string{c.how, "cd=/public"}
		if c.chroot != "" {
			begin = []string{"chroot=" + c.chroot, "cd=/public"}
		}
		outside := asAlice(t, top, append(begin, "enter")...)
		if c.joins {
			hold(t, top, "mount=public", "enter")
		}
		share := sample.Of(6)
		before := mountsIn(t, "self", "")
		for n := 0; ; n++ {
			if !share.Has(c.name, n) {
				continue // the last ones that are tried are beyond the last call
			}
			list := append(begin[:len(begin):len(begin)], "mount=public", "fault="+itoa(n), "enter", "look=/public")
			a := asAlice(t, top, list...)
			if a.one("hit") == "-1" {
				if a.one("trouble") != good || n < 30 {
					t.Errorf("%s: after %d calls: %s", c.name, n, a.one("trouble"))
				}
				break
			}
			checkFault(t, c.name, n, a, outside)
			if now := mountsIn(t, "self", ""); now != before {
				t.Fatalf("%s: call %d (%s) fails: outside there is\n%s", c.name, n, a.one("hit"), now)
			}
		}
	}
}

func checkFault(t *testing.T, name string, n int, a, outside answers) {
	t.Helper()
	said := name + ": call " + itoa(n) + " (" + a.one("hit") + ") fails: " + a.one("trouble")
	const lost = "3"
	if a.one("effective") != "" && a.one("kind") != lost {
		t.Errorf("%s; %s is effective", said, a.one("effective"))
	}
	switch {
	case a.one("kind") == lost:
	case a.one("root") != outside.one("root"):
		t.Errorf("%s; the root directory is %s, it was %s", said, a.one("root"), outside.one("root"))
	case a.one("trouble") == good:
		if !fits(a.one("look"), "0:0 41777 * [meet] ") {
			t.Errorf("%s; /public is %s", said, a.one("look"))
		}
	case a.one("ns") != outside.one("ns") || a.one("cwd") != outside.one("cwd"):
		t.Errorf("%s; it is in %s, %s, and was in %s, %s", said, a.one("ns"), a.one("cwd"), outside.one("ns"), outside.one("cwd"))
	}
}

// A want of descriptors, which the user's other processes can bring about at any
// call, gives a user no second namespace.
func TestEnterStarved(t *testing.T) {
	if !world(t) {
		return
	}
	top := furnish(t)
	furnishAt(t, top, "")
	pivot(t, top)
	for _, kernel := range []string{"new", "old"} {
		first := hold(t, "", kernel, "mount=public", "enter")
		for n, joined := 0, 0; ; n++ {
			a := asAlice(t, "", kernel, "mount=public", "starve="+itoa(n), "enter")
			if a.one("trouble") == good {
				joined++
				if a.one("ns") != first.one("ns") {
					t.Errorf("%s kernel: call %d (%s) fails: it has a namespace of its own", kernel, n, a.one("hit"))
				}
			}
			if a.one("hit") == "-1" {
				if joined == 0 || n < 10 {
					t.Errorf("%s kernel: %d calls, entered %d times: this shows nothing", kernel, n, joined)
				}
				break
			}
		}
		first.end()
	}
}
