package owned

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
)

// Rule (i), each part broken alone.
func TestOwn(t *testing.T) {
	dir, _ := shared(t)
	mkdir := func(path string, uid int, mode uint32) {
		must(t, os.Mkdir(dir+path, 0o700))
		must(t, os.Chown(dir+path, uid, uid))
		must(t, unix.Chmod(dir+path, mode))
	}
	link := func(target, path string, uid int) {
		must(t, os.Symlink(target, dir+path))
		must(t, os.Lchown(dir+path, uid, uid))
	}
	mkdir("/hers", alice, 0o700)
	mkdir("/hers/tmp", alice, 0o755)
	mkdir("/hers/open", alice, 0o777)
	mkdir("/hers/sticky", alice, 0o777|unix.S_ISVTX)
	mkdir("/hers/sticky/tmp", alice, 0o700)
	mkdir("/hers/group", alice, 0o770)
	mkdir("/hers/open/tmp", alice, 0o700)
	mkdir("/hers/setgid", alice, 0o2700)
	mkdir("/roots", 0, 0o755)
	mkdir("/roots/tmp", alice, 0o700)
	mkdir("/roots/dir", 0, 0o755)
	mkdir("/group", 0, 0o775)
	mkdir("/group/tmp", alice, 0o700)
	mkdir("/bobs", bob, 0o755)
	mkdir("/bobs/tmp", alice, 0o700)
	must(t, os.WriteFile(dir+"/hers/file", nil, 0o700))
	link(dir+"/hers", "/absolute", 0) // in a sticky directory, fs.protected_symlinks lets root follow no other
	link("hers", "/relative", 0)
	link("hers", "/by-bob", bob)
	link("../../hers/./tmp//", "/roots/dir/up", 0)
	link("../relative/tmp", "/hers/back", alice)
	link("loop", "/loop", alice)
	link("nowhere", "/broken", alice)
	link(strings.Repeat("x/", 2040), "/long", alice)
	link(dir+"/open", "/hers/to-open", alice)
	chain := dir + "/hers"
	for i := range maxLinks + 1 {
		link(chain, "/chain"+strconv.Itoa(i), 0)
		chain = dir + "/chain" + strconv.Itoa(i)
	}
	for _, c := range []struct{ path, says string }{
		{"/hers", ""},
		{"/hers/", ""},
		{"/hers/tmp", ""},
		{"/./hers//tmp/.", ""},
		{"/bobs/../hers/tmp", "belongs to uid 61002"},
		{"/roots/../hers/tmp", ""},
		{"/hers/setgid", ""},
		{"/hers/sticky/tmp", ""},
		{"/roots/tmp", ""},
		{"/absolute", ""},
		{"/absolute/tmp", ""},
		{"/relative/tmp/", ""},
		{"/roots/dir/up", ""},
		{"/hers/back", ""},
		// The kernel counts links twice when it begins a walk anew, because something
		// was renamed or mounted anywhere meanwhile.
		{"/chain" + strconv.Itoa(maxLinks/2-1), ""},

		{"", "belongs to uid 0"},
		{"/roots", "belongs to uid 0"},
		{"/bobs", "belongs to uid 61002"},
		{"/bobs/tmp", "belongs to uid 61002"},
		{"/hers/open", "can be written by others: mode 0777"},
		{"/hers/sticky", "can be written by others: mode 01777"},
		{"/hers/group", "can be written by others: mode 0770"},
		{"/hers/open/tmp", "can be written by others and is not sticky: mode 0777"},
		{"/group/tmp", "can be written by others and is not sticky: mode 0775"},
		{"/by-bob", "belongs to uid 61002"},
		{"/by-bob/tmp", "belongs to uid 61002"},
		{"/hers/file", "is not a directory"},
		{"/hers/none", "no such file or directory"},
		{"/broken", "no such file or directory"},
		{"/loop", "too many levels of symbolic links"},
		{"/chain" + strconv.Itoa(maxLinks), "too many levels of symbolic links"},
		{"/long/" + strings.Repeat("y/", 100), "file name too long"},
		{"/" + strings.Repeat("n", 256), "file name too long"},
	} {
		says(t, "DIR"+c.path, Own(dir+c.path, alice), c.says)
	}
	for path, want := range map[string]string{
		"":               "is not an absolute path",
		"hers":           "is not an absolute path",
		"/":              "belongs to uid 0",
		"/proc/self/cwd": "is on a file system that need not stay as it is",
	} {
		says(t, path, Own(path, alice), want)
	}
}

// Being kept from finding out is no answer, whichever call it is, and nothing is
// left open.
func TestOwnLeavesNothingOpen(t *testing.T) {
	dir, _ := shared(t)
	must(t, os.Mkdir(dir+"/x", 0o700))
	must(t, os.Symlink("x", dir+"/link"))
	must(t, os.Symlink("/x", dir+"/x/gone"))
	must(t, os.Lchown(dir+"/x/gone", bob, bob))
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		must(t, err)
		return len(entries)
	}
	before := count()
	for _, path := range []string{"/x", "/link/", "/link/../x/none", "/x/gone", "/../../../../../../proc"} {
		_ = Own(dir+path, 0)
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors are open; before, it was %d", after, before)
	}
	var limit unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &limit))
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: limit.Max}))
	trouble := Own(dir+"/x", 0)
	must(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
	if trouble.Kind() != bare.Kept {
		t.Errorf("without a descriptor: %v, kind %d", trouble.Err(), trouble.Kind())
	}
}
