package main

import (
	"tmpshell/internal/bare"
	_ "unsafe"
)

func main() {}

//go:linkname run tmpshell_program
func run(b *bare.Block) {
	var buf [200]byte
	t := bare.NewText(buf[:])
	t.Add("args ")
	t.AddUint(uint64(len(b.Args())), 10)
	t.Add(" env ")
	t.AddUint(uint64(len(b.Env())), 10)
	t.Add(" " + "execfn ")
	t.Add(b.ExecFn())
	t.AddByte('\n')
	bare.Write(1, t.String())
	if len(b.Args()) > 1 {
		switch bare.String(b.Args()[1]) {
		case "bounds":
			a := b.Args()
			bare.Write(1, bare.String(a[len(buf)]))
		case "nil":
			var p *[4]int
			p[len(b.Args())-1] = 3
		case "deep":
			bare.Exit(deep(1 << 20))
		}
	}
	bare.Exit(0)
}

func deep(n int) int {
	var big [2000]byte
	big[n%2000] = 1
	if n == 0 {
		return int(big[3])
	}
	return deep(n-1) + int(big[4])
}

//go:linkname fault tmpshell_fault
func fault() {
	bare.Write(2, "fault\n")
	bare.Exit(7)
}
