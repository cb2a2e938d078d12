package msg

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestLine(t *testing.T) {
	for _, test := range []struct {
		parts []string
		want  string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"a"}, "a"},
		{[]string{"a", "b", "c"}, "a: b: c"},
		{[]string{"", "a", "", "b", ""}, "a: b"},
		{[]string{"a: b", "c"}, "a: b: c"},
		{[]string{"a\nb", "c\r"}, "a?b: c?"},
		{[]string{"\x00\x01\t\x1b[2J\x7f"}, "????[2J?"},
		{[]string{"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7"}, "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x90\xa7"},
		// What nobody sees, and what turns a line round.
		{[]string{"\ufeffa\u200b\u202eb\u2066"}, "?a??b?"},
		// Escape sequences of eight bits, as bytes and in UTF-8.
		{[]string{"\x9b2J \x80\xff"}, "?2J ??"},
		{[]string{"\xc2\x9b2J \xc2\x80\xc2\x9f\xc2\xa0"}, "?2J ??\xc2\xa0"},
		{[]string{"caf\xe9\x9d"}, "caf??"},
		{[]string{"\xe2\x82"}, "??"},
		{[]string{"a\uFFFDb"}, "a\uFFFDb"},
	} {
		if got := Line(test.parts...); got != test.want {
			t.Errorf("Line(%q) = %q; want %q", test.parts, got, test.want)
		}
	}
}

func TestPrinter(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := Printer{Program: "tmpshell", FD: int(w.Fd())}
	p.Error("cannot run /bin/x\x1b", "no such file")
	p.Hint("do\nthis")
	w.Close()
	buf := make([]byte, 1000)
	n, _ := r.Read(buf)
	want := "tmpshell: cannot run /bin/x?: no such file\ntmpshell: hint: do?this\n"
	if got := string(buf[:n]); got != want {
		t.Errorf("Printer writes %q; want %q", got, want)
	}
}

// A standard error that is closed, full or read by nobody stops no login.
func TestPrinterCannotWrite(t *testing.T) {
	full, err := unix.Open("/dev/full", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(full)
	for _, fd := range []int{-1, 1 << 20, full} {
		Printer{Program: "tmpshell", FD: fd}.Error("text")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	r.Close()
	Printer{Program: "tmpshell", FD: int(w.Fd())}.Error("text")

	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(p[0])
	defer unix.Close(p[1])
	for range 1000 { // more than a pipe holds
		Printer{Program: "tmpshell", FD: p[1]}.Error(string(make([]byte, 1000)))
	}
}

func TestIsTerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, fd := range []int{-1, int(null.Fd())} {
		if IsTerminal(fd) {
			t.Errorf("IsTerminal(%d) = true; want false", fd)
		}
	}
}
