package bare

import (
	"math"
	"path"
	"strconv"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	var buf [8]byte
	text := NewText(buf[:])
	text.Add("abc")
	text.AddByte('d')
	if text.String() != "abcd" || text.Full() {
		t.Fatalf("%q, full: %v", text.String(), text.Full())
	}
	text.Add("efghij")
	if text.String() != "abcdefgh" || !text.Full() {
		t.Errorf("%q, full: %v; want what fits", text.String(), text.Full())
	}
	text.AddByte('x')
	text.EndLine()
	if string(text.Bytes()) != "abcdefg\n" {
		t.Errorf("the line is %q", text.Bytes())
	}
	text.Reset()
	if text.String() != "" || text.Full() {
		t.Errorf("after Reset: %q, full: %v", text.String(), text.Full())
	}
	text.EndLine()
	text.Advance(3)
	if text.String() != "\nbcd" {
		t.Errorf("after Advance: %q", text.String())
	}
	text.Advance(100)
	if len(text.String()) != len(buf) {
		t.Errorf("after Advance beyond the end: %q", text.String())
	}
	none := NewText(nil)
	none.Add("")
	if none.Full() || none.String() != "" {
		t.Error("nothing does not fit into nothing")
	}
	none.AddByte('x')
	if !none.Full() {
		t.Error("something fits into nothing")
	}
}

func TestNumbers(t *testing.T) {
	for _, n := range []uint64{0, 1, 7, 8, 9, 10, 99, 100, 1000, 4294967295, 4294967296, math.MaxInt64, math.MaxUint64} {
		var buf [100]byte
		text := NewText(buf[:])
		for _, base := range []uint64{2, 8, 10} {
			text.Reset()
			text.AddUint(n, base)
			want := strconv.FormatUint(n, int(base))
			if base == 8 {
				want = "0" + want
			}
			if text.String() != want {
				t.Errorf("AddUint(%d, %d) = %q; want %q", n, base, text.String(), want)
			}
		}
		var digits [20]byte
		if got := Decimal(&digits, n); got != strconv.FormatUint(n, 10) {
			t.Errorf("Decimal(%d) = %q", n, got)
		}
	}
}

func FuzzParseUint(f *testing.F) {
	for _, s := range []string{"", "0", "00", "+1", "-1", " 1", "1 ", "1_0", "0x1", "4294967295", "18446744073709551615", "18446744073709551616", "99999999999999999999", "１"} {
		f.Add(s, uint64(math.MaxUint64))
		f.Add(s, uint64(1<<32-2))
		f.Add(s, uint64(0))
	}
	f.Fuzz(func(t *testing.T, s string, limit uint64) {
		n, ok := ParseUint(s, limit)
		want, err := strconv.ParseUint(s, 10, 64)
		good := err == nil && want <= limit && !strings.ContainsAny(s, "+_")
		if ok != good || ok && n != want {
			t.Errorf("ParseUint(%q, %d) = %d, %v; want %d, %v", s, limit, n, ok, want, good)
		}
	})
}

func FuzzPath(f *testing.F) {
	f.Add("/usr/bin/x")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		if i := strings.LastIndexByte(s, '/'); Base(s) != s[i+1:] {
			t.Errorf("Base(%q) = %q", s, Base(s))
		}
		if clean := path.Clean("/" + s); Dir(clean) != path.Dir(clean) {
			t.Errorf("Dir(%q) = %q", clean, Dir(clean))
		}
	})
}

// What outlives the function that calls Keep is whole, as long as there is room.
func TestKeepRoom(t *testing.T) {
	first := Keep("/a", "/", "b", "")
	long := strings.Repeat("x", 10<<10)
	second := Keep(long, "1", "2", "3")
	if first != "/a/b" || second != long+"123" {
		t.Errorf("kept %q and %.10q…", first, second)
	}
	third := Keep(long, "", "", "") // the oldest are overwritten
	if third != long || second == "" {
		t.Errorf("kept %.10q…", third)
	}
	if got := Keep(strings.Repeat("y", 17<<10), "z", "", ""); strings.Trim(got, "y") != "" {
		t.Errorf("of what does not fit, %.10q… is kept", got)
	}
}
