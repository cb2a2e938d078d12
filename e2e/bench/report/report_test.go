package report

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestMedianCovers has the interval hold the true median as often as it says.
func TestMedianCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{20, 101, 500} {
		held := 0
		for range 2000 {
			values := make([]float64, n)
			for i := range values {
				values[i] = random.ExpFloat64()
			}
			if m := Median(values); m.Low <= 0.693147 && 0.693147 <= m.High {
				held++
			}
		}
		if held < 1880 || held > 1980 {
			t.Errorf("n=%d: the interval held the median %d times of 2000, want about 1900", n, held)
		}
	}
}

func TestMedianOfFew(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Interval
	}{
		{nil, Interval{}},
		{[]float64{3}, Interval{3, 3, 3}},
		{[]float64{4, 1, 3, 2}, Interval{1, 2.5, 4}},
	} {
		if got := Median(c.values); got != c.want {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

// TestRatio has noise that meets both samples of a round alike.
func TestRatio(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	var a, b []float64
	for range 300 {
		noise := random.ExpFloat64()
		a, b = append(a, 3*noise), append(b, 2*noise)
	}
	if r := Ratio(a, b); r.Low < 1.499 || r.High > 1.501 {
		t.Errorf("the ratio of 3 to 2 is %v", r)
	}
}

func TestSections(t *testing.T) {
	const document = "head\n<!-- a -->\nold\n<!-- /a -->\nbetween\n<!-- b -->\n<!-- /b -->\ntail\n"
	got, missing := Sections(document, map[string]string{"a": "new\n", "c": "x"})
	want := "head\n<!-- a -->\n\nnew\n\n<!-- /a -->\nbetween\n<!-- b -->\n<!-- /b -->\ntail\n"
	if got != want || !slices.Equal(missing, []string{"c"}) {
		t.Errorf("%q, missing %q", got, missing)
	}
}

func TestSVGIsXML(t *testing.T) {
	table := Table{Rounds: 5, Rows: []Row{
		{Name: "alone", Added: Interval{1, 1, 1}},
		{Name: `a < b & "c"`, Base: "alone", Added: Interval{-0.1, 0.2, 0.3}},
		{Name: "tmpshell", Ours: true, Base: "alone", Added: Interval{1, 2, 30}},
	}}
	picture := table.SVG()
	d, circles := xml.NewDecoder(strings.NewReader(picture)), 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, picture)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "circle" {
			circles++
		}
	}
	if circles != 2 {
		t.Errorf("%d dots, want one for each row with a base:\n%s", circles, picture)
	}
}
