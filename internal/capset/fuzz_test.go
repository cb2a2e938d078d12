package capset_test

import (
	"strings"
	"testing"

	"tmpshell/internal/capset"
)

// FuzzText: a name stands for one capability, which is printed by that name;
// and what is printed of a set is read as the same set.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "cap_net_raw", "CAP_Kill", "cap_", "cap_net_raw,cap_kill", "cap_\u017fetuid", "cap_\u212aill", "cap_kill\x00"} {
		f.Add(s, uint64(capset.Helper))
	}
	f.Add("cap_checkpoint_restore", ^uint64(0))
	f.Fuzz(func(t *testing.T, name string, bits uint64) {
		if set, ok := capset.Parse(name); ok && set.String() != strings.ToLower(name) {
			t.Errorf("Parse(%q) is %s", name, set)
		}
		var back capset.Set
		text := capset.Set(bits).String()
		for n := range strings.SplitSeq(text, ",") {
			one, ok := capset.Parse(n)
			if !ok && text != "" || back&one != 0 {
				t.Errorf("%q of %q is no capability, or there twice", n, text)
			}
			back |= one
		}
		const known = 1<<41 - 1
		if uint64(back) != bits&known {
			t.Errorf("%#x is printed as %s, which is %#x", bits, text, uint64(back))
		}
	})
}
