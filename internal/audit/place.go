package audit

import (
	"golang.org/x/sys/unix"
)

// Place is a directory below which files are shared with everybody, or private.
type Place struct {
	Path    string
	Private bool
	file    id
}

// id is a file, by whatever path.
type id struct{ dev, ino uint64 }

func idOf(st *unix.Stat_t) id { return id{uint64(st.Dev), st.Ino} }

// Shared are the directories that everybody writes to.
var Shared = []string{"/tmp", "/var/tmp", "/dev/shm"}

// NewPlace looks a directory up.
func NewPlace(path string, private bool) (Place, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return Place{path, private, idOf(&st)}, err
}

// deepest bounds how far a directory may be below one of the places.
const deepest = 1000

// placeOf finds the place that a directory is in: the nearest above it.
func placeOf(dir int, places []Place) (p Place, found bool) {
	fd := dir
	defer func() {
		if fd != dir {
			unix.Close(fd)
		}
	}()
	var last id
	for range deepest {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) != nil {
			return p, false
		}
		now := idOf(&st)
		for _, p := range places {
			if p.file == now {
				return p, true
			}
		}
		if now == last {
			return p, false
		}
		last = now
		up, err := unix.Openat(fd, "..", unix.O_PATH|unix.O_CLOEXEC, 0)
		if fd != dir {
			unix.Close(fd)
		}
		fd = dir
		if err != nil {
			return p, false
		}
		fd = up
	}
	return p, false
}
