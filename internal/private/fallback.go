package private

import (
	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/owned"
)

// fallbackNames is how many names are tried that a later login finds again;
// whoever takes them all still does not stop the random ones.
const (
	fallbackNames = 10
	randomNames   = 3
	randomLength  = 6 // bytes, twice as many digits
)

// Fallback makes, or finds, a private directory without any privilege, and writes
// its path: PARENT/.private-UID, or another name where that one is somebody
// else's. Rule (b) of package owned makes it safe: in a sticky directory nobody
// can move what the user owns.
//
// The mode is never changed. A directory of the user's that others can write to
// may have been moved here by one of them, with links of theirs in it.
func Fallback(parent string, uid uint32, to *bare.Text) bare.Trouble {
	dir, t := owned.OpenParent(parent)
	if !t.OK() {
		return t
	}
	var buf [64]byte
	name := bare.NewText(buf[:])
	for i := range fallbackNames + randomNames {
		if t = nameOf(&name, i, uid); !t.OK() {
			break
		}
		if t = mine(dir, parent, name.String(), uid); t.OK() {
			to.Reset()
			to.Add(parent)
			to.AddByte('/')
			to.Add(name.String())
			break
		}
		if !t.Unsafe() {
			break
		}
	}
	bare.Close(dir)
	return t
}

// nameOf writes the i-th name.
func nameOf(to *bare.Text, i int, uid uint32) bare.Trouble {
	to.Reset()
	to.Add(Base + "-")
	to.AddUint(uint64(uid), 10)
	switch {
	case i >= fallbackNames:
		var b [randomLength]byte
		if e := bare.Random(b[:]); e != 0 {
			return bare.Failed("getrandom", e, "name", "")
		}
		const digits = "0123456789abcdef"
		to.AddByte('.')
		for _, c := range b {
			to.AddByte(digits[c>>4])
			to.AddByte(digits[c&15])
		}
	case i > 0:
		to.AddByte('.')
		to.AddUint(uint64(i), 10)
	}
	return bare.Trouble{}
}

// mine makes a directory, and verifies what is then there. The umask is set to 0
// meanwhile: with 0777 the directory would not be 0700.
func mine(dir int, parent, name string, uid uint32) bare.Trouble {
	mask := bare.Umask(0)
	made := bare.MkdirAt(dir, name, 0o700)
	bare.Umask(mask)
	w := owned.Users(uid)
	w.NoMount = true
	fd, t := owned.OpenEntry(dir, name, w)
	bare.Close(fd)
	// A read-only or full file system may have an older one.
	if made != 0 && made != bare.Errno(unix.EEXIST) && !t.OK() {
		t = bare.Failed("mkdirat", made, "", "")
	}
	if !t.OK() {
		t.Where = bare.Keep(parent, "/", name, "")
	}
	return t
}
