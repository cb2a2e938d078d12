package doctor

import (
	"strconv"

	"github.com/kballard/go-shellquote"

	"tmpshell/internal/msg"
)

// Fix is what helps against a finding: one command, or one line of a file.
type Fix struct {
	// Run is a command for sh(1), as root.
	Run string `json:"run,omitempty"`
	// Write is a line that is missing in the file In, or that belongs in
	// the place of the one that In names as FILE:LINE.
	Write string `json:"write,omitempty"`
	In    string `json:"in,omitempty"`
}

func (f *Fix) printable() bool {
	for _, text := range []string{f.Run, f.Write, f.In} {
		if msg.Line(text) != text {
			return false
		}
	}
	return true
}

// run is a command of these words.
func run(words ...string) *Fix { return &Fix{Run: shellquote.Join(words...)} }

// then is a second command, for when the first one succeeds.
func (f *Fix) then(words ...string) *Fix {
	return &Fix{Run: f.Run + " && " + shellquote.Join(words...)}
}

// setUp is what fixes most.
var setUp = run("tmpshellctl", "setup")

// appendLine adds a line to a file, which need not exist.
func appendLine(line, file string) *Fix {
	return &Fix{Run: "echo " + shellquote.Join(line) + " >>" + shellquote.Join(file)}
}

// commentOut takes a line out of a file and leaves it to be read.
func commentOut(file string, line int) *Fix {
	return run("sed", "-i", strconv.Itoa(line)+"s/^/#/", file)
}
