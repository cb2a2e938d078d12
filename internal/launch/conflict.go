package launch

import (
	"tmpshell/internal/bare"
)

// conflict finds two directories that cannot be had together: two Match blocks
// may each be fine alone. Directories are mounted in their order.
func conflict() bare.Trouble {
	s := &self.session
	for i := range s.n {
		d := &s.list[i]
		for j := range s.n {
			other := &s.list[j]
			switch {
			case i == j || !other.Mounted():
			case d.Mounted() && sameName(d.Path, other.Path):
				return bare.Broken(d.Path, "", "would be kept under the name of another directory")
			case !within(d.Path, other.Path):
			case !d.Mounted():
				return bare.Broken(d.Path, "", "is inside a directory that is mounted over: use method mount or tmpfs for it, too")
			case i < j:
				return bare.Broken(d.Path, "", "would be hidden by a directory that is mounted after it")
			}
		}
	}
	return bare.Trouble{}
}

func within(path, dir string) bool {
	return path == dir || len(path) > len(dir) && path[:len(dir)] == dir && path[len(dir)] == '/'
}

// sameName tells whether two paths have one name of an instance: '/' is written
// '-' in it.
func sameName(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 1; i < len(a); i++ {
		x, y := a[i], b[i]
		if x == '/' {
			x = '-'
		}
		if y == '/' {
			y = '-'
		}
		if x != y {
			return false
		}
	}
	return true
}
