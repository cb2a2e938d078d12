package sample

import (
	"fmt"
	"testing"
)

func TestShare(t *testing.T) {
	t.Setenv(AllVar, "")
	const rows, in = 20_000, 8
	n := 0
	for i := range rows {
		if Share(in).Has("row", i) {
			n++
		}
	}
	if n < rows/in*8/10 || n > rows/in*12/10 {
		t.Errorf("one row in %d are %d of %d", in, n, rows)
	}
	t.Setenv(AllVar, "1")
	for i := range 100 {
		if !Of(in).Has(i) {
			t.Errorf("%s=1 and row %d is not tried", AllVar, i)
		}
	}
	if want := "all rows"; Of(in).String() != want {
		t.Errorf("%v; want %s", Of(in), want)
	}
	if want := fmt.Sprintf("one row in 8, by the seed %d; make test-all tries all", Seed()); Share(in).String() != want {
		t.Errorf("%v; want %s", Share(in), want)
	}
}
