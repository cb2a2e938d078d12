package bare

import (
	"runtime"
	"slices"
	"testing"
	"unsafe"
)

// initial is the initial stack of a process, as in the ABI: argc, argv, NULL,
// environment, NULL, auxiliary vector.
func initial(args, env []string, auxv ...uintptr) (words []uintptr, keep []*byte) {
	words = append(words, uintptr(len(args)))
	for _, list := range [][]string{args, env} {
		for _, s := range list {
			p := unsafe.StringData(s + "\x00")
			keep = append(keep, p)
			words = append(words, uintptr(unsafe.Pointer(p)))
		}
		words = append(words, 0)
	}
	return append(words, auxv...), keep
}

func texts(list []*byte) []string {
	var all []string
	for _, p := range list {
		all = append(all, String(p))
	}
	return all
}

func TestBlock(t *testing.T) {
	path := [...]byte{'/', 'x', 0}
	execFn := uintptr(unsafe.Pointer(&path))
	for _, c := range []struct {
		args, env []string
		auxv      []uintptr
		execFn    string
	}{
		{nil, nil, []uintptr{0, 0}, ""},
		{[]string{"a"}, nil, []uintptr{31, execFn, 0, 0}, "/x"},
		{nil, []string{"A=1"}, []uintptr{6, 4096, 31, execFn, 0, 0}, "/x"},
		{[]string{"-a", "", "b c"}, []string{"A=1", "", "NO", "A=2"}, []uintptr{33, 1, 0, 0, 31, execFn}, ""}, // after the end
		{[]string{""}, []string{"=x"}, []uintptr{31, 0, 0, 0}, ""},
	} {
		words, keep := initial(c.args, c.env, c.auxv...)
		var b Block
		b.parse(unsafe.Pointer(&words[0]))
		if got := texts(b.Args()); !slices.Equal(got, c.args) || b.Args() == nil {
			t.Errorf("arguments %q; want %q", got, c.args)
		}
		if got := texts(b.Env()); !slices.Equal(got, c.env) {
			t.Errorf("environment %q; want %q", got, c.env)
		}
		if got := b.ExecFn(); got != c.execFn {
			t.Errorf("%q: the program is %q; want %q", c.args, got, c.execFn)
		}
		runtime.KeepAlive(keep)
	}
	runtime.KeepAlive(path)
}

func TestValueOf(t *testing.T) {
	for _, c := range []struct{ entry, name, want string }{
		{"A=1", "A", "1"}, {"A=", "A", ""}, {"A=b=c", "A", "b=c"}, {"A=b=c", "A=b", "c"}, {"=x", "", "x"},
		{"A", "A", "-"}, {"AB=1", "A", "-"}, {"A=1", "AB", "-"}, {"", "A", "-"}, {"", "", "-"}, {"a=1", "A", "-"},
	} {
		value, ok := ValueOf(unsafe.StringData(c.entry+"\x00"), c.name)
		got := "-"
		if ok {
			got = String(value)
		}
		if got != c.want {
			t.Errorf("ValueOf(%q, %q) = %q; want %q", c.entry, c.name, got, c.want)
		}
	}
	if String(nil) != "" {
		t.Error("no address is a text")
	}
}
