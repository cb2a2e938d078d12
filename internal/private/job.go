package private

import (
	"strings"

	"tmpshell/internal/bare"
)

// MaxJob is the length of a job's name in bytes; a path with it has to be a socket's,
// too.
const MaxJob = 32

// IsJob tells whether a batch job's directory can have a name with this: those of
// Slurm ("17"), PBS ("17[3].server") and Grid Engine ("17.3") are such.
func IsJob(job string) bool {
	if job == "" || len(job) > MaxJob || job[0] == '.' {
		return false
	}
	for i := 0; i < len(job); i++ {
		switch c := job[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case c == '_', c == '-', c == '.', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}

// holderName is the directory of a store that a user's instances are in: UID, or
// UID.JOB for those of one batch job.
type holderName struct{ buf [20 + 1 + MaxJob]byte }

func (h *holderName) of(uid uint32, job string) string {
	text := bare.NewText(h.buf[:])
	text.AddUint(uint64(uid), 10)
	if job != "" {
		text.AddByte('.')
		text.Add(job)
	}
	return text.String()
}

// IsHolder tells whether a directory of a store with this name has instances of a
// user, their own or those of one of their jobs.
func IsHolder(name string, uid uint32) bool {
	var h holderName
	own := h.of(uid, "")
	if !strings.HasPrefix(name, own) {
		return false
	}
	rest := name[len(own):]
	return rest == "" || rest[0] == '.' && IsJob(rest[1:])
}
