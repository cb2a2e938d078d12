package clean

// Action is what was done to a directory, or would have been.
type Action string

// What can be done.
const (
	Gone   Action = "removed"
	Aged   Action = "aged" // files in it were removed
	Kept   Action = "kept"
	Back   Action = "restored" // its name, which a run before had taken
	Failed Action = "failed"
	// Withdrawn: it was put out of reach, because its user has no account.
	Withdrawn Action = "withdrawn"
)

// InUse is why one that is in use stays.
const InUse = "in use"

// InLayer is why one stays that an overlay has in a lower layer, and does not rename
// (EXDEV of rename(2)): it was made with the image of a container, and what has been
// made in it goes with the container.
const InLayer = "in a lower layer of an overlay"

// Result is what came of one directory.
type Result struct {
	Path   string `json:"path"`
	Kind   Kind   `json:"kind"`
	UID    uint32 `json:"uid"`
	Shared string `json:"directory,omitempty"`
	Action Action `json:"action"`
	Why    string `json:"why,omitempty"`
	// Files, Directories and Bytes are what it had, as far as was looked, or
	// what was aged. The bytes of what was removed are not looked at.
	Files       uint64 `json:"files"`
	Directories uint64 `json:"directories"`
	Bytes       uint64 `json:"bytes"`
	// Left are the first of those that could not be removed, and LeftCount
	// all of them. Paths are what would be aged.
	Left      []Left    `json:"left,omitempty"`
	LeftCount int       `json:"left_count,omitempty"`
	Paths     []string  `json:"paths,omitempty"`
	By        []Process `json:"by,omitempty"`
	Mounts    []string  `json:"mounts,omitempty"`
}

// Report is what came of a run.
type Report struct {
	Results []*Result `json:"results"`
	// Young are those that Options.Brief leaves out.
	Young int `json:"-"`
	// Oddities have the name of what tmpshell makes, and are not.
	Oddities []Left   `json:"oddities,omitempty"`
	Errors   []string `json:"errors,omitempty"`
}
