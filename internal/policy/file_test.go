package policy_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tmpshell/internal/bare"
	"tmpshell/internal/policy"
	"tmpshell/internal/policy/policytest"
	"tmpshell/internal/testas"
)

// sample uses everything that the format has.
func sample() policytest.Policy {
	return policytest.Policy{
		Flags: policy.FlagWrong, Demands: true, Made: 5, Slots: slots,
		Sources: []policytest.Source{policytest.SourceOf("/etc/passwd"), policytest.SourceOf("/nowhere/at/all")},
		Learnt:  []policytest.Learnt{{Subject: policy.SubjectUser, ID: 1000, Name: "alice"}, {Subject: policy.SubjectGroup, ID: 300, Name: "x"}},
		Blocks: []policytest.Block{
			block(set(policytest.Setting{Slot: sTmp, Number: policy.Tmpfs}, policytest.Setting{Slot: sTmpSize, Text: "1g"}),
				list(uid(1, 2000), not(uid(7, 7))), list(named(policy.ItemPattern, policy.SubjectGroup, "s*f"), unknownGroup)),
			block(set(
				policytest.Setting{Slot: sExempt, Items: list(unknownUser, uid(0, 0))},
				policytest.Setting{Slot: sShell, Text: "/bin/bash"}, policytest.Setting{Slot: sAmbient, Set: 3 << 38},
				policytest.Setting{Slot: sEnvA, Text: "${A}"}, policytest.Setting{Slot: sCache, Number: policy.Mount})),
		},
	}
}

// ask puts every question to a policy.
func ask(f *policy.File) bare.Trouble {
	var p policy.Policy
	trouble := p.Resolve(f, alice(), "test")
	if !trouble.OK() {
		return trouble
	}
	var d policy.Directory
	for slot, ok := uint32(0), true; ok; {
		if slot, ok = p.Directory(slot, &d); ok && len(d.Path)+len(d.Variables)+len(d.Share)+len(d.Size)+len(d.Store) > f.Size()*5 {
			panic("a text is longer than the file")
		}
	}
	for slot, ok := uint32(0), true; ok; {
		slot, _, _, ok = p.SetEnv(slot)
	}
	_, _, _ = f.Learnt(policy.SubjectShell, 1)
	_ = p.Demands()
	_ = f.Demands()
	return f.Check("test")
}

func TestUse(t *testing.T) {
	good := sample().Bytes()
	var f policy.File
	if trouble := f.Use(good, "test"); !trouble.OK() || f.Flags() != policy.FlagWrong || !f.Demands() || f.Size() != len(good) {
		t.Fatalf("Use: %v, flags %d, demands %v", trouble.Err(), f.Flags(), f.Demands())
	}
	if trouble := ask(&f); !trouble.OK() || f.Broken() {
		t.Fatalf("a good policy: %v, broken: %v", trouble.Err(), f.Broken())
	}
	refused := func(what string, data []byte, want string) {
		t.Helper()
		if trouble := f.Use(data, "test"); trouble.OK() || trouble.Kind() != bare.Object || !strings.Contains(trouble.Err().Error(), want) {
			t.Errorf("%s: %v; want %q", what, trouble.Err(), want)
		}
	}
	for n := range good {
		want := "is cut"
		if n < policy.HeaderSize {
			want = "is not a policy of this version"
		}
		refused("cut", good[:n], want)
	}
	refused("longer", append(good[:len(good):len(good)], 0), "is cut")
	other := append([]byte(nil), good...)
	other[len(policy.Magic)-1]++
	refused("another version", policy.Seal(other), "is not a policy of this version")
	// Each byte of it counts.
	for at := policy.AtSums; at < len(good); at++ {
		damaged := append([]byte(nil), good...)
		damaged[at] ^= 1 << (at % 8)
		refused("damaged", damaged, "is damaged")
	}
}

// A policy that is larger than its buffer is not verified as a whole: whatever byte is
// damaged, it is refused by the end of Resolve, or says what it said before.
func TestDamagedLarge(t *testing.T) {
	p := sample()
	p.Slots = slices.Clone(slots)
	for i := range 1200 { // several chunks, and as many names
		p.Slots = append(p.Slots, policytest.Slot{Kind: policy.SlotSetEnv, Name: fmt.Sprint("V", i)})
	}
	for i := range uint32(200) { // one of them is about the caller
		settings := set(policytest.Setting{Slot: uint32(len(slots)) + 10*i, Text: "text"})
		if i == 100 {
			settings = append(settings, policytest.Setting{Slot: sEnvA, Text: strings.Repeat("long", policy.Chunk/2)})
		}
		b := block(settings, list(uid(900+i, 900+i)))
		b.Subject, b.First, b.Last = policy.SubjectUser, 900+i, 900+i
		p.Blocks = append([]policytest.Block{b}, p.Blocks...)
	}
	for i := range uint32(500) {
		p.Learnt = append(p.Learnt, policytest.Learnt{Subject: policy.SubjectShell, ID: 1000 + i, Name: fmt.Sprint("/bin/", i)})
	}
	good := p.Bytes()
	if len(good) < 4*policy.Chunk {
		t.Fatalf("%d bytes are too few", len(good))
	}
	says := func(data []byte) (string, bool) {
		var f policy.File
		if trouble := f.UseByParts(data, "test"); !trouble.OK() {
			return "", false
		}
		var p policy.Policy
		if trouble := p.Resolve(&f, alice(), "test"); !trouble.OK() {
			return "", false
		}
		// Whatever is asked after it.
		text := fmt.Sprintln(p.Exempt, p.Unknown, p.Unlearnt, p.Runtime, p.Deny, p.Supervise, p.NoNewPrivileges, p.Log, p.Shell, p.User, p.Ambient)
		var d policy.Directory
		for slot, ok := uint32(0), true; ok; {
			slot, ok = p.Directory(slot, &d)
			text += fmt.Sprintln(d, ok)
		}
		for slot, ok := uint32(0), true; ok; {
			var name, value string
			slot, name, value, ok = p.SetEnv(slot)
			text += fmt.Sprintln(name, value, ok)
		}
		if f.Broken() {
			t.Error("what is asked after Resolve was not verified by it")
		}
		if shell, _, ok := f.Learnt(policy.SubjectShell, 1499); ok {
			text += shell
		} else {
			text += "/bin/499" // not to know is allowed
		}
		return text, true
	}
	want, ok := says(good)
	if !ok {
		t.Fatal("a good policy is refused")
	}
	refused, unread := 0, 0
	for at := 0; at < len(good); at += 1 + min(at/policy.HeaderSize*5, 20) {
		damaged := append([]byte(nil), good...)
		damaged[at] ^= 1 << (at % 8)
		switch got, ok := says(damaged); {
		case !ok:
			refused++
		case got != want:
			t.Fatalf("with another byte at %d it says:\n%swant:\n%s", at, got, want)
		default:
			unread++
		}
	}
	if refused < policy.HeaderSize || unread < 100 {
		t.Errorf("with %d bytes damaged it is refused, and with %d not", refused, unread)
	}
}

// Wherever a policy that is sealed points, nothing outside of it is read, and the
// trouble, if there is any, is that it is damaged or stale.
func TestBrokenPointers(t *testing.T) {
	good := sample().Bytes()
	for at := policy.AtExpires; at+4 <= len(good); at += 4 {
		for _, n := range []uint32{0, 1, 2, 95, uint32(len(good)) - 1, uint32(len(good)), 1 << 16, 1 << 28, 1<<31 - 1, 1 << 31, 1<<32 - 8, 1<<32 - 1} {
			data := append(make([]byte, 0, len(good)), good...)
			binary.LittleEndian.PutUint32(data[at:], n)
			checkAnswers(t, policy.Seal(data))
		}
	}
}

// checkAnswers fails where a sealed policy leads to anything but an answer or
// trouble with it.
func checkAnswers(t *testing.T, data []byte) {
	t.Helper()
	var f policy.File
	if trouble := f.Use(data, "test"); !trouble.OK() {
		return
	}
	if trouble := ask(&f); !trouble.OK() && trouble.Kind() != bare.Object && trouble.Errno != bare.Errno(unix.EIO) {
		t.Fatalf("%v: of another kind", trouble.Err())
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add(sample().Bytes(), uint16(0), uint32(0))
	f.Add(policytest.Policy{}.Bytes(), uint16(policy.AtSlots), uint32(7))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, n uint32) {
		if len(data) > 2<<10 {
			return // lists of lists of lists of the same records take their time
		}
		if len(data) > policy.HeaderSize {
			copy(data, policy.Magic)
			if i := int(at) % (len(data) - 4); i >= policy.AtExpires {
				binary.LittleEndian.PutUint32(data[i:], n)
			}
		}
		var file policy.File
		if trouble := file.Use(data, "test"); trouble.OK() {
			_ = ask(&file)
		}
		if len(data) > policy.HeaderSize+8 {
			binary.LittleEndian.PutUint32(data[policy.AtSize:], uint32(len(data)))
			binary.LittleEndian.PutUint32(data[policy.AtSums:], uint32(len(data)-8)) // one chunk
		}
		checkAnswers(t, policy.Seal(data))
	})
}

// More slots than there is room for are no reason to read beyond it.
func TestTooManySlots(t *testing.T) {
	p := policytest.Policy{Slots: make([]policytest.Slot, policy.MaxSlots+1)}
	var f policy.File
	if trouble := f.Use(p.Bytes(), "test"); !trouble.OK() {
		t.Fatal(trouble.Err())
	}
	if trouble := new(policy.Policy).Resolve(&f, alice(), "test"); trouble.Kind() != bare.Object {
		t.Errorf("Resolve: %v; want trouble", trouble.Err())
	}
}

// A policy may be obeyed as long as all that it was made from is as it was: the
// same object, or another one with the same in it.
func TestCheck(t *testing.T) {
	testas.Root(t) // sources are root's
	dir := t.TempDir()
	file, list, absent, loop, dangling := dir+"/file", dir+"/list", dir+"/absent", dir+"/loop", dir+"/dangling"
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Unix()
	nothing := func() {}
	for _, c := range []struct {
		name    string
		change  func()
		policy  func(p *policytest.Policy)
		current bool
	}{
		{"as it was", nothing, nil, true},
		{"touched", func() { _ = os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 5)) }, nil, true},
		{"written anew", func() { write(dir+"/new", "text"); _ = os.Rename(dir+"/new", file) }, nil, true},
		{"other contents, of the same size", func() { write(file, "tent"); _ = os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 5)) }, nil, false},
		{"mode", func() { _ = os.Chmod(file, 0o644) }, nil, false},
		{"a user's", func() { _ = os.Chown(file, 61001, 0) }, nil, false},
		{"longer", func() { write(file, "text, and more") }, nil, false},
		{"empty", func() { write(file, "") }, nil, false},
		{"gone", func() { _ = os.Remove(file) }, nil, false},
		{"a directory in its place", func() { _ = os.Remove(file); _ = os.Mkdir(file, 0o600) }, nil, false},
		{"a loop in its place", func() { _ = os.Remove(file); _ = os.Symlink("file", file) }, nil, false},
		{"come", func() { write(absent, "") }, nil, false},
		{"a file more in the directory", func() { write(list+"/b", "") }, nil, false},
		{"a file less in the directory", func() { _ = os.Remove(list + "/a") }, nil, false},
		{"another name in the directory", func() { _ = os.Rename(list+"/a", list+"/b") }, nil, false},
		{"a file less and the same one more", func() { _ = os.Remove(list + "/a"); write(list+"/a", "") }, nil, true},
		{"the loop is gone", func() { _ = os.Remove(loop) }, nil, false},
		{"the loop is a file", func() { _ = os.Remove(loop); write(loop, "") }, nil, false},
		{"the link to nothing is gone", func() { _ = os.Remove(dangling) }, nil, false},
		{"the link to nothing is a file", func() { _ = os.Remove(dangling); write(dangling, "") }, nil, false},
		{"still absent, below a file", nothing, func(p *policytest.Policy) {
			p.Sources = append(p.Sources, policytest.Source{Path: dir + "/file/x", Kind: policy.SourceAbsent})
		}, true},
		{"of no kind", nothing, func(p *policytest.Policy) { p.Sources[0].Kind = 7 }, false},
		{"expired", nothing, func(p *policytest.Policy) { p.Made, p.Expires = now-100, now }, false},
		{"not expired", nothing, func(p *policytest.Policy) { p.Made, p.Expires = now-100, now+100_000 }, true},
		{"made in the future", nothing, func(p *policytest.Policy) { p.Made, p.Expires = now+100_000, now+200_000 }, false},
	} {
		for _, path := range []string{file, list, absent, loop, dangling} {
			_ = os.RemoveAll(path)
		}
		write(file, "text")
		_ = os.Mkdir(list, 0o755)
		write(list+"/a", "")
		_ = os.Symlink("loop", loop)
		_ = os.Symlink("nothing", dangling)
		p := policytest.Policy{}
		for _, path := range []string{file, list, absent, loop, dangling} {
			p.Sources = append(p.Sources, policytest.SourceOf(path))
		}
		if c.policy != nil {
			c.policy(&p)
		}
		var f policy.File
		if trouble := f.Use(p.Bytes(), "test"); !trouble.OK() {
			t.Fatal(trouble.Err())
		}
		c.change()
		if trouble := f.Check("test"); trouble.OK() != c.current || !c.current && trouble.Kind() != bare.Object {
			t.Errorf("%s: %v, kind %d; want current: %v", c.name, trouble.Err(), trouble.Kind(), c.current)
		}
	}
}

// What root alone can have made is read, and nothing else.
func TestRead(t *testing.T) {
	testas.Root(t)
	dir := t.TempDir()
	path := dir + "/policy"
	var buf [4 << 10]byte
	good := sample().Bytes()
	large := sample()
	ofSize := func(size int) []byte {
		for n := 1; ; n++ {
			large.Blocks[1].Settings[1].Text = strings.Repeat("x", n)
			if data := large.Bytes(); len(data) >= size {
				return data
			}
		}
	}
	for _, c := range []struct {
		name string
		make func() error
		want string // empty: it is read
	}{
		{"root's", func() error { return os.WriteFile(path, good, 0o644) }, ""},
		{"not for reading by others", func() error { return os.WriteFile(path, good, 0o600) }, "cannot be read by everybody: mode 0600"},
		{"all but a byte of the buffer", func() error { return os.WriteFile(path, ofSize(len(buf))[:len(buf)-1], 0o644) }, "is cut"},
		{"exactly the buffer", func() error { return os.WriteFile(path, ofSize(len(buf)), 0o644) }, ""},
		{"large", func() error { return os.WriteFile(path, ofSize(len(buf)+1000), 0o644) }, ""},
		{"large, and cut", func() error { return os.WriteFile(path, ofSize(len(buf) + 1000)[:len(buf)+900], 0o644) }, "is cut"},
		{"a user's", func() error {
			_ = os.WriteFile(path, good, 0o644)
			return os.Chown(path, 61001, 0)
		}, "belongs to uid 61001, not to root"},
		{"group-writable", func() error {
			_ = os.WriteFile(path, good, 0o644)
			return os.Chmod(path, 0o664)
		}, "can be written by others: mode 0664"},
		{"too large", func() error { return os.WriteFile(path, make([]byte, policy.MaxSize+1), 0o644) }, "is too large"},
		{"empty", func() error { return os.WriteFile(path, nil, 0o644) }, "is not a policy of this version"},
		{"a directory", func() error { return os.Mkdir(path, 0o755) }, "is not a regular file"},
		{"a FIFO", func() error { return unix.Mkfifo(path, 0o644) }, "is not a regular file"},
		{"a link", func() error { return os.Symlink("/etc/passwd", path) }, "too many levels of symbolic links"},
		{"nothing", func() error { return nil }, "no such file or directory"},
	} {
		_ = os.Remove(path)
		if err := c.make(); err != nil {
			t.Fatal(c.name, err)
		}
		var f policy.File
		trouble := f.Read(path, buf[:])
		if trouble.OK() {
			trouble = ask(&f)
		}
		switch {
		case c.want == "" && !trouble.OK(), c.want != "" && (trouble.Kind() != bare.Object || !strings.Contains(trouble.Err().Error(), c.want)):
			t.Errorf("%s: %v; want %q", c.name, trouble.Err(), c.want)
		case c.want != "" && c.want != "is cut" && f.Size() != 0:
			t.Errorf("%s: %d bytes are left", c.name, f.Size())
		case trouble.Missing() != (c.name == "nothing"):
			t.Errorf("%s: missing: %v", c.name, trouble.Missing())
		}
	}
}
