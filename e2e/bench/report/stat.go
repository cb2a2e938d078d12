// Package report turns what make bench has measured into tables, a picture and
// verdicts. Times are in milliseconds.
package report

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is an estimate, and where the true value is with a confidence of 95 %.
type Interval struct{ Low, Mid, High float64 }

// Median estimates a median. The interval is that of the order statistics: how many
// of n values are below the median is binomial, whatever the distribution of the
// values is.
func Median(values []float64) Interval {
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	if n == 0 {
		return Interval{}
	}
	mid := (s[(n-1)/2] + s[n/2]) / 2
	below := 0                               // the largest number with P(binomial(n, ½) < below) ≤ 2.5 %
	term := math.Exp(-float64(n) * math.Ln2) // P(binomial = below)
	for sum := term; sum <= 0.025 && below < n/2; {
		below++
		term *= float64(n-below+1) / float64(below)
		sum += term
	}
	low := max(below-1, 0)
	return Interval{s[low], mid, s[n-1-low]}
}

// Ratio estimates the quotient of the medians of two samples that were taken in the
// same rounds, by a bootstrap over the rounds.
func Ratio(a, b []float64) Interval {
	const times = 1000
	random := rand.New(rand.NewPCG(1, 2)) // the same report from the same data
	quotients := make([]float64, times)
	x, y := make([]float64, len(a)), make([]float64, len(a))
	for i := range quotients {
		for k := range x {
			round := random.IntN(len(a))
			x[k], y[k] = a[round], b[round]
		}
		quotients[i] = middle(x) / middle(y)
	}
	slices.Sort(quotients)
	return Interval{quotients[times/40], middle(slices.Clone(a)) / middle(slices.Clone(b)), quotients[times-1-times/40]}
}

// middle is the median; it sorts.
func middle(s []float64) float64 {
	slices.Sort(s)
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}
