package launch

import (
	"strings"

	"tmpshell/internal/bare"
	"tmpshell/internal/private"
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
	return path == dir || strings.HasPrefix(path, dir) && path[len(dir)] == '/'
}

// sameName tells whether two paths have one name of an instance.
func sameName(a, b string) bool {
	var x, y private.Name
	return x.Of(a) == y.Of(b)
}
