package session

import (
	"strings"

	"tmpshell/internal/bare"
	"tmpshell/internal/private"
)

// JobOf returns the batch job whose instance this process has in the place of a
// directory, empty for the user's own, and where there is none. The errors are those of
// reading /proc/thread-self/mountinfo.
func (d *Directory) JobOf(uid uint32) (job string, err error) {
	var name private.Name
	n := len("/") + len(name.Of(d.At))
	e := eachMount(func(m mount) {
		if !same(m.at, d.At) {
			return
		}
		job = "" // the last one is on top
		if !d.Fresh && m.isOf(d, uid) {
			holder, _ := m.holder(n)
			_, job, _ = strings.Cut(string([]byte(holder)), ".") // the line is a buffer's
		}
	})
	return job, bare.Failed("read", e, mountList, "").Err()
}
