package dirs

import (
	"errors"
	"io/fs"
	"strconv"

	"tmpshell/internal/sys"
)

// fallbackNames is how many names are tried that a later login finds again;
// whoever squats them all still does not stop the random ones.
const fallbackNames = 10

// Fallback makes, or finds, a private directory without any privilege, and
// returns its path: PARENT/.private-UID, or another name when that one is
// somebody else's. Rule (b) makes it safe: in a sticky directory nobody can
// move what the user owns.
func Fallback(parent string, uid uint32) (string, error) {
	dir, err := openParent(parent)
	if err != nil {
		return "", err
	}
	defer sys.Close(dir)
	base := ".private-" + name(uid)
	for i := 0; i < fallbackNames+3; i++ {
		entry := base
		switch {
		case i >= fallbackNames:
			tail, err := random()
			if err != nil {
				return "", err
			}
			entry += "." + tail
		case i > 0:
			entry += "." + strconv.Itoa(i)
		}
		path := parent + "/" + entry
		err = mkdirUser(dir, path, entry)
		if err != nil && !errors.Is(err, fs.ErrExist) {
			// A read-only or full file system may have an older one.
			if fd, found := openUser(dir, path, entry, uid, true); found == nil {
				sys.Close(fd)
				return path, nil
			}
			return "", err
		}
		var fd int
		if fd, err = openUser(dir, path, entry, uid, true); err == nil {
			sys.Close(fd)
			return path, nil
		}
	}
	return "", err
}

// mkdirUser makes a directory of exactly 0700. The umask is put aside: with
// 0777 the directory could not even be opened.
func mkdirUser(dir int, path, entry string) error {
	return sys.WithUmask(0, func() error {
		return withPath(sys.MkdirAt(dir, entry, 0o700), path)
	})
}
