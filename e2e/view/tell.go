package view

import (
	"bytes"
	"fmt"
	"sync"
)

// told is what tests in views said with Tell, gathered outside.
var told struct {
	sync.Mutex
	text []byte
}

// Each line that Tell prints begins with tellMark.
const tellMark = "view tells: "

// Tell hands text on to Told in the process outside, however the test ends.
func Tell(text string) {
	for line := range bytes.Lines([]byte(text)) {
		fmt.Printf("%s%s\n", tellMark, bytes.TrimSuffix(line, []byte("\n")))
	}
}

// Told returns what the tests in views have told so far, one test's lines
// together.
func Told() string {
	told.Lock()
	defer told.Unlock()
	return string(told.text)
}

// listen takes what a view told out of its output.
func listen(output []byte) []byte {
	var rest []byte
	told.Lock()
	defer told.Unlock()
	for line := range bytes.Lines(output) {
		if text, ok := bytes.CutPrefix(line, []byte(tellMark)); ok {
			told.text = append(told.text, text...)
		} else {
			rest = append(rest, line...)
		}
	}
	return rest
}
