package config

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
)

// mountOptions are those that a Directory line may give.
var mountOptions = []string{"nosuid", "nodev", "noexec", "noatime"}

func checkVariables(v string) error {
	for _, name := range list(v) {
		if !validName(name) {
			return errors.New(strconv.Quote(name) + " is not the name of an environment variable")
		}
	}
	return nil
}

// validName: an environment variable that every shell can use (POSIX, "Name").
func validName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

func checkShare(v string) error {
	for _, entry := range list(v) {
		name := strings.TrimSuffix(entry, "/")
		if name == "" || name == "." || name == ".." || strings.Contains(name, "/") {
			return errors.New("share= takes names inside the directory, not " + strconv.Quote(entry))
		}
		for rest := name; ; {
			_, after, found := strings.Cut(rest, "${")
			if !found {
				break
			}
			variable, after, closed := strings.Cut(after, "}")
			if !closed || variable != "UID" && variable != "USER" {
				return errors.New("share= knows ${UID} and ${USER} alone, in " + strconv.Quote(entry))
			}
			rest = after
		}
		// What begins like anything is everything: nothing would be private.
		if strings.HasPrefix(name, "*") || strings.HasPrefix(name, "?") {
			return errors.New("a pattern of share= begins with an ordinary character, not as " + strconv.Quote(entry))
		}
	}
	return nil
}

func checkAge(v string) error {
	if _, ok := ParseAge(v); !ok {
		return errors.New("max-age= takes a time such as 12h, 10d or 4w, not " + strconv.Quote(v))
	}
	return nil
}

// ParseAge returns the seconds of a time such as 90s, 30m, 12h, 10d or 4w;
// a number alone is seconds.
func ParseAge(s string) (int64, bool) {
	unit := int64(1)
	if n := len(s); n > 0 {
		switch s[n-1] {
		case 's':
			s = s[:n-1]
		case 'm':
			unit, s = 60, s[:n-1]
		case 'h':
			unit, s = 3600, s[:n-1]
		case 'd':
			unit, s = 86400, s[:n-1]
		case 'w':
			unit, s = 7*86400, s[:n-1]
		}
	}
	n, err := strconv.ParseUint(s, 10, 32)
	return int64(n) * unit, err == nil
}

// checkSize takes what size= of tmpfs(5) takes.
func checkSize(v string) error {
	if pct, ok := strings.CutSuffix(v, "%"); ok {
		if n, err := strconv.ParseUint(pct, 10, 8); err == nil && n > 0 && n <= 100 {
			return nil
		}
	} else if validCount(v) {
		return nil
	}
	return errors.New("size= takes bytes with k, m or g, or a percentage of memory, not " + strconv.Quote(v))
}

func checkInodes(v string) error {
	if validCount(v) {
		return nil
	}
	return errors.New("inodes= takes a number, with k or m, not " + strconv.Quote(v))
}

// validCount: a number above 0 with the suffixes of tmpfs(5), which the kernel
// can hold: it does not report an overflow.
func validCount(v string) bool {
	shift := 0
	if v != "" {
		switch v[len(v)-1] {
		case 'k', 'K':
			shift = 10
		case 'm', 'M':
			shift = 20
		case 'g', 'G':
			shift = 30
		}
	}
	if shift > 0 {
		v = v[:len(v)-1]
	}
	n, err := strconv.ParseUint(v, 10, 64)
	return err == nil && 0 < n && n <= math.MaxInt64>>shift
}

func checkMountOptions(v string) error {
	for _, o := range list(v) {
		if !slices.Contains(mountOptions, o) {
			return errors.New("options= takes " + strings.Join(mountOptions, ", ") + ", not " + strconv.Quote(o))
		}
	}
	return nil
}

func checkPropagation(v string) error {
	if v != "slave" && v != "private" && v != "shared" {
		return errors.New("propagation= is slave, private or shared, not " + strconv.Quote(v))
	}
	return nil
}

func checkInherit(v string) error {
	if v != "private" && v != "no" {
		return errors.New("inherit= is private or no, not " + strconv.Quote(v))
	}
	return nil
}

func checkPer(v string) error {
	if v != "user" && v != "session" && !validName(v) {
		return errors.New("per= is user, session or the name of a variable, not " + strconv.Quote(v))
	}
	return nil
}

func checkStore(v string) error {
	if err := checkPath(v); err != nil {
		return err
	}
	for _, dir := range []string{Run, "/proc", "/sys"} {
		if within(v, dir) {
			return errors.New("store= cannot be in " + dir)
		}
	}
	return nil
}
