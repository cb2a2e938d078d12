package ctl

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSONShown: JSON quotes names that somebody else chose, and may be read on a
// terminal, which obeys control characters of eight bits as it does those of seven.
func TestJSONShown(t *testing.T) {
	const name = "/tmp/.private/1000/\x1b[2J\u009b2J\u0080\u009f\x7f\n\u00a0\u00e9<&>"
	var text strings.Builder
	o := output{w: &text}
	if err := o.asJSON(map[string]string{"path": name}); err != nil {
		t.Fatal(err)
	}
	for _, r := range text.String() {
		if r < ' ' && r != '\n' || 0x7f <= r && r <= 0x9f {
			t.Errorf("it has %U as it is: %q", r, text.String())
		}
	}
	var back map[string]string
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil || back["path"] != name {
		t.Errorf("%q is read as %q, %v; want %q", text.String(), back["path"], err, name)
	}
	if !strings.Contains(text.String(), "\u00e9<&>") {
		t.Errorf("%q has other characters in another form, too", text.String())
	}
}

// TestErrorShown: so may errors.
func TestErrorShown(t *testing.T) {
	var text strings.Builder
	printError(&text, "a\x1b[2J\u009b2J\x9b\nb \u00e9")
	if want := "tmpshellctl: a?[2J?2J?\nb \u00e9\n"; text.String() != want {
		t.Errorf("%q is printed; want %q", text.String(), want)
	}
}
