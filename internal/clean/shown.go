package clean

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tmpshell/internal/sys"
)

// fresh is a tmpfs of a session's.
type fresh struct {
	uid   uint32
	point string
	pid   int
}

// isFresh reads what package session calls the source of such a mount.
func (m mountLine) isFresh(pid int) (fresh, bool) {
	number, ok := strings.CutPrefix(m.source, "tmpshell:")
	uid, isUID := parseUID(number)
	return fresh{uid, m.point, pid}, ok && isUID
}

// fsPath is a path in a file system, from its own root: what mountinfo (proc(5))
// calls the root of a mount.
type fsPath struct{ dev, path string }

// within tells whether p is d or below it.
func (p fsPath) within(d fsPath) bool {
	return p.dev == d.dev && (d.path == "/" || p.path == d.path || strings.HasPrefix(p.path, d.path+"/"))
}

// below is what has a name in a directory.
func (p fsPath) below(name string) fsPath {
	return fsPath{p.dev, strings.TrimSuffix(p.path, "/") + "/" + name}
}

// shown is what a mount has to do with one of our places: it shows something that
// is in there, or something else covers a directory in there.
type shown struct {
	at     fsPath // in the file system of the place
	covers bool
	pid    int    // a process that is in that namespace
	where  string // the mount point
}

// mountLine is one line of mountinfo.
type mountLine struct {
	id, parent string
	root       fsPath
	point      string
	source     string // what is mounted
}

func parseMount(line string) (mountLine, bool) {
	words := strings.Fields(line)
	if len(words) < 7 {
		return mountLine{}, false
	}
	m := mountLine{words[0], words[1], fsPath{words[2], unescape(words[3])}, unescape(words[4]), ""}
	if i := slices.Index(words, "-"); i > 0 && i+2 < len(words) { // type, source
		m.source = words[i+2]
	}
	return m, true
}

// unescape turns \040 and its like into what they stand for.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// below is a path in a mount, as one in its file system.
func (m mountLine) below(path string) fsPath {
	rest := path
	if m.point != "/" {
		rest = strings.TrimPrefix(path, m.point)
	}
	if m.root.path != "/" {
		rest = m.root.path + rest
	}
	if rest == "" {
		rest = "/"
	}
	if len(rest) > 1 {
		rest = strings.TrimSuffix(rest, "/")
	}
	return fsPath{m.root.dev, rest}
}

// readMounts reads the mounts of a process, and keeps those that have to do with
// one of the places.
func readMounts(proc int, name string, pid int, interest []fsPath) (list []shown, tmpfs []fresh, err error) {
	fd, err := openIn(proc, name+"/mountinfo")
	if err != nil {
		return nil, nil, err
	}
	defer sys.Close(fd)
	add := func(at fsPath, covers bool, where string) {
		for _, i := range interest {
			if at.within(i) && at != i {
				list = append(list, shown{at, covers, pid, where})
				return
			}
		}
	}
	byID := make(map[string]mountLine)
	var all []mountLine
	err = sys.EachLine(fd, func(line []byte) bool {
		if m, ok := parseMount(string(line)); ok {
			byID[m.id] = m
			all = append(all, m)
		}
		return true
	})
	if err != nil {
		return nil, nil, err
	}
	for _, m := range all {
		if f, ok := m.isFresh(pid); ok {
			tmpfs = append(tmpfs, f)
			continue
		}
		add(m.root, false, m.point)
		if parent, ok := byID[m.parent]; ok && parent.id != m.id {
			add(parent.below(m.point), true, m.point)
		}
	}
	return list, tmpfs, nil
}

// placeOf is where a directory that is open is in its file system. path is what it
// is called, without any link in it.
func placeOf(fd int, path string) (fsPath, error) {
	id, err := mountID(fd)
	if err != nil {
		return fsPath{}, err
	}
	info, err := sys.OpenMountinfo()
	if err != nil {
		return fsPath{}, err
	}
	defer sys.Close(info)
	var found fsPath
	err = sys.EachLine(info, func(line []byte) bool {
		m, ok := parseMount(string(line))
		if ok && m.id == id {
			found = m.below(path)
		}
		return found.dev == ""
	})
	if err == nil && found.dev == "" {
		err = unix.ENODATA
	}
	return found, err
}

// mountID is the number that mountinfo has for the mount of a descriptor.
func mountID(fd int) (string, error) {
	text, err := readFile("/proc/thread-self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return "", err
	}
	if id := field(text, "mnt_id:"); id != "" {
		return id, nil
	}
	return "", unix.ENODATA
}

// ProcFile reads a file of a process in procfs.
func ProcFile(pid int, name string) ([]byte, error) {
	return readFile("/proc/" + strconv.Itoa(pid) + "/" + name)
}

// readFile reads a file of procfs.
func readFile(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer sys.Close(fd)
	return sys.ReadAll(fd, 4<<10, 1<<20)
}
