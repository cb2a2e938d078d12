package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// SVG draws a table's added times: a dot and its interval for each row, on a
// logarithmic axis.
func (t Table) SVG() string {
	const (
		left, width, line, top = 330, 520, 20, 56
		right                  = 70
	)
	var rows []Row
	low, high := math.Inf(1), math.Inf(-1)
	for _, r := range t.Rows {
		if r.Base == "" || r.Added.Mid <= 0 {
			continue
		}
		rows = append(rows, r)
		low, high = math.Min(low, r.Added.Mid), math.Max(high, r.Added.Mid)
	}
	if len(rows) == 0 {
		low, high = 0.1, 10
	}
	first, last := math.Floor(math.Log10(low)), math.Ceil(math.Log10(high))
	if first == last {
		last++
	}
	x := func(ms float64) float64 {
		at := (math.Log10(math.Max(ms, math.Pow(10, first))) - first) / (last - first)
		return left + width*math.Min(at, 1)
	}
	bottom := top + line*len(rows)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="white"/>
<text x="10" y="20" font-size="14">Added to a login: milliseconds, median of %d rounds and its 95 %% interval (log scale)</text>
`, left+width+right, bottom+34, t.Rounds)
	for decade := first; decade <= last; decade++ {
		for _, digit := range []float64{1, 2, 5} {
			ms := digit * math.Pow(10, decade)
			if math.Log10(ms) > last+1e-9 {
				break
			}
			fmt.Fprintf(&b, `<line x1="%[1]f" y1="%[2]d" x2="%[1]f" y2="%[3]d" stroke="#ddd"/><text x="%[1]f" y="%[4]d" text-anchor="middle" fill="#555">%[5]g</text>`+"\n",
				x(ms), top-10, bottom, bottom+16, ms)
		}
	}
	for i, r := range rows {
		y, colour, weight := top+line*i+4, "#777", "normal"
		if r.Ours {
			colour, weight = "#0050b0", "bold"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end" fill="%s" font-weight="%s">%s</text><line x1="%f" y1="%d" x2="%f" y2="%d" stroke="%s" stroke-width="2"/><circle cx="%f" cy="%d" r="4" fill="%s"/><text x="%f" y="%d" fill="%s">%.2f</text>`+"\n",
			left-10, y+4, colour, weight, html.EscapeString(r.Name), x(r.Added.Low), y, x(r.Added.High), y, colour, x(r.Added.Mid), y, colour,
			math.Max(x(r.Added.High), x(r.Added.Mid))+10, y+4, colour, r.Added.Mid)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
