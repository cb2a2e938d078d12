package filecap

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"tmpshell/internal/capset"
)

// raw is the attribute from its 32-bit words.
func raw(words ...uint32) []byte {
	var b []byte
	for _, w := range words {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	for _, set := range []capset.Set{0, 1, capset.Helper, capset.SetUID, 1 << 31, 1 << 32, 1 << 40, 1<<41 - 1, 1<<64 - 1} {
		got, err := decode(encode(set))
		if want := (Sets{Permitted: set}); got != want || err != nil {
			t.Errorf("decode(encode(%#x)) = %+v, %v; want %+v", uint64(set), got, err, want)
		}
	}
}

// As setcap(8) of libcap writes it.
func TestEncode(t *testing.T) {
	want := raw(0x02000000, 0x000000c2, 0, 0, 0)
	if got := encode(capset.Helper); string(got) != string(want) {
		t.Errorf("encode(%s) = %x; want %x", capset.Helper, got, want)
	}
	if got := encode(capset.Helper)[0] & effectiveBit; got != 0 {
		t.Error("encode sets the effective bit; an exec would fail with EPERM where the bounding set is smaller")
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name string
		b    []byte
		want Sets
		ok   bool
	}{
		{"=ep", raw(0x02000001, 0x80, 0, 0x1, 0), Sets{Permitted: 1<<7 | 1<<32, Effective: true}, true},
		{"=i", raw(0x02000000, 0, 0x80, 0, 0x2), Sets{Inheritable: 1<<7 | 1<<33}, true},
		{"revision 3, the host's root", raw(0x03000000, 0x80, 0, 0, 0, 0), Sets{Permitted: 1 << 7}, true},
		{"revision 3, a namespace's root", raw(0x03000000, 0x80, 0, 0, 0, 100000), Sets{Permitted: 1 << 7, Root: 100000}, true},
		{"nothing", nil, Sets{}, false},
		{"revision 1", raw(0x01000000, 0x80, 0), Sets{}, false},
		{"short", raw(0x02000000, 0x80, 0, 0, 0)[:19], Sets{}, false},
		{"revision 3 without its root", raw(0x03000000, 0x80, 0, 0, 0), Sets{}, false},
		{"revision 4", raw(0x04000000, 0x80, 0, 0, 0, 0), Sets{}, false},
		{"revision 0", raw(0, 0x80, 0, 0, 0), Sets{}, false},
	} {
		got, err := decode(test.b)
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%s: decode(%x) = %+v, %v; want %+v, ok %v", test.name, test.b, got, err, test.want, test.ok)
		}
	}
}

// On a real file, where this process and the file system can.
func TestSet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := Get(f); got != (Sets{}) || err != nil {
		t.Fatalf("Get of a new file = %+v, %v; want none", got, err)
	}
	err = Set(f, capset.Helper)
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOTSUP) {
		const missing = "missing: CAP_SETFCAP, or a file system with capabilities; run: sudo make test"
		if os.Getenv("TMPSHELL_MUST_RUN") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	for _, set := range []capset.Set{capset.Helper, capset.SetUID, capset.SetUID, 0, 0} {
		if err := Set(f, set); err != nil {
			t.Errorf("Set(%s) = %v; want no error", set, err)
		}
		if got, err := Get(f); got != (Sets{Permitted: set}) || err != nil {
			t.Errorf("Get after Set(%s) = %+v, %v", set, got, err)
		}
	}
	// What others wrote is replaced.
	if err := unix.Setxattr(path, attribute, raw(0x02000001, 0x80, 0x80, 0, 0), 0); err != nil {
		t.Fatal(err)
	}
	if got, _ := Get(f); !got.Effective {
		t.Errorf("Get of =eip = %+v; want it effective", got)
	}
	if err := Set(f, capset.SetGID); err != nil {
		t.Errorf("Set over =eip = %v; want no error", err)
	}
	if got, _ := Get(f); got != (Sets{Permitted: capset.SetGID}) {
		t.Errorf("Get after Set over =eip = %+v", got)
	}
}

// FuzzDecode: any bytes are read without a panic, and what was written is read
// as it was.
func FuzzDecode(f *testing.F) {
	for _, b := range [][]byte{nil, encode(capset.Helper), raw(revision3|effectiveBit, 1, 2, 3, 4, 1000), raw(revision3, 1, 2, 3, 4), raw(0x01000000, 1, 2)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(b)
		if err != nil {
			if s != (Sets{}) {
				t.Errorf("decode(%x) = %+v, %v; want nothing with an error", b, s, err)
			}
			return
		}
		if len(b) < 20 || b[3] != 2 && b[3] != 3 || b[3] == 2 && s.Root != 0 {
			t.Errorf("decode(%x) = %+v; want an error", b, s)
		}
		again, err := decode(encode(s.Permitted))
		if again != (Sets{Permitted: s.Permitted}) || err != nil {
			t.Errorf("%v is written and read as %+v, %v", s.Permitted, again, err)
		}
	})
}
