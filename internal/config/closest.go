package config

import "strings"

// Closest is the word of a list that somebody who wrote another one may have
// meant: the one that fewest typing errors lead to, one in three letters at most.
// Empty: there is none.
func Closest(word string, list []string) string {
	best, least := "", len(word)+1
	for _, w := range list {
		most := max(1, len(w)/3)
		if d := typingErrors(strings.ToLower(word), strings.ToLower(w), most); d <= most && d < least {
			best, least = w, d
		}
	}
	return best
}

// typingErrors counts letters left out, added, exchanged, and two in the wrong
// order, that make b of a (the optimal string alignment distance); most+1 for more
// than most.
func typingErrors(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return most + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			same := 1
			if a[i-1] == b[j-1] {
				same = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+same)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// didYouMean ends a message about a keyword that there is not.
func didYouMean(word string) string {
	names := []string{"Directory", "SetEnv", "Match", "Include"}
	for _, k := range Keywords {
		names = append(names, k.Name)
	}
	return meant(word, "", names...)
}

// meant ends a message about a word that is none of a list: with the one that it may
// have been, or otherwise.
func meant(word, otherwise string, list ...string) string {
	if w := Closest(word, list); w != "" {
		return "; did you mean " + w + "?"
	}
	return otherwise
}
