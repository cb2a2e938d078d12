package audit

import (
	"strconv"
	"strings"
	"time"
)

// A name that another user can guess can be taken before the program takes it.
// Whether it can be guessed is not to be seen in one name: this is a judgement by
// its looks, as random names are made by
//
//	mkstemp(3), mkdtemp(3)   6 of A-Z a-z 0-9; mktemp(1) has 10
//	Python's tempfile        8 of a-z 0-9 _
//	Go's os.CreateTemp, Java digits of a random number
//
// and corrected where names of more runs or objects are known (merge, Compare).
const (
	randomMark = "XXXXXX"
	pidMark    = "<pid>"
	numberMark = "<n>"
	shortest   = 6 // of a random part
)

// pattern is a path with what differs from time to time replaced. random tells
// whether a part looks like one that nobody can guess; private is for objects that
// only the owner may open and that must not have been there, which most programs
// give random names.
func pattern(file string, p process, private bool) (text string, random bool) {
	var parts []string
	for name := range strings.SplitSeq(file, "/") {
		part, is := namePattern(name, p, private)
		parts = append(parts, part)
		random = random || is
	}
	return strings.Join(parts, "/"), random
}

func namePattern(name string, p process, private bool) (text string, random bool) {
	if strings.HasSuffix(name, "-unix") && strings.HasPrefix(name, ".X") {
		return name, false // the X Window System, Version 11
	}
	if before, after, ok := pythons(name); ok && private {
		return before + randomMark + after, true
	}
	var b strings.Builder
	for len(name) > 0 {
		n := 0
		for n < len(name) && class(name[n]) != other {
			n++
		}
		if n == 0 {
			b.WriteByte(name[0])
			name = name[1:]
			continue
		}
		part, is := word(name[:n], p, private)
		// Behind a separator, all of it is random: mktemp(1) has ten.
		if at := randomTail(name[:n], private); at > 0 && (b.Len() > 0 || strings.ContainsAny(name[:at], "0123456789")) {
			part = randomMark
		}
		b.WriteString(part)
		random = random || is
		name = name[n:]
	}
	return b.String(), random
}

// pythons takes apart a name of Python's tempfile: tmp, or something that ends with a
// separator, or nothing, and 8 characters.
func pythons(name string) (before, after string, ok bool) {
	const length = 8
	stem, dot, found := strings.Cut(name, ".")
	if found {
		after = "." + dot
	}
	if len(stem) < length {
		return "", "", false
	}
	before, tail := stem[:len(stem)-length], stem[len(stem)-length:]
	if !isPythons(tail) {
		return "", "", false
	}
	mixed := strings.ContainsAny(tail, "_0123456789") && strings.ContainsAny(tail, "abcdefghijklmnopqrstuvwxyz")
	return before, after, before == "tmp" || mixed && (before == "" || strings.HasSuffix(before, "-"))
}

func isPythons(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == "" }

type kindOf uint8

const (
	other kindOf = iota
	lower
	upper
	digit
)

func class(c byte) kindOf {
	switch {
	case 'a' <= c && c <= 'z':
		return lower
	case 'A' <= c && c <= 'Z':
		return upper
	case '0' <= c && c <= '9':
		return digit
	}
	return other
}

// word replaces in a run of letters and digits what differs.
func word(w string, p process, private bool) (string, bool) {
	if i := randomTail(w, private); i >= 0 {
		return w[:i] + randomMark, true
	}
	var b strings.Builder
	random := false
	for len(w) > 0 {
		n := 0
		for n < len(w) && class(w[n]) == digit {
			n++
		}
		if n == 0 {
			b.WriteByte(w[0])
			w = w[1:]
			continue
		}
		mark := number(w[:n], p)
		random = random || mark == randomMark
		b.WriteString(mark)
		w = w[n:]
	}
	return b.String(), random
}

// number is what stands for a run of digits.
func number(digits string, p process) string {
	value, err := strconv.ParseInt(digits, 10, 64)
	const day = 24 * 60 * 60
	now := time.Now().Unix()
	switch {
	case err == nil && (value == int64(p.pid) || value == int64(p.parent)):
		return pidMark
	case err == nil && now-day < value && value < now+day:
		return numberMark // a time can be guessed
	case len(digits) == 8 && strings.HasPrefix(digits, strconv.Itoa(time.Now().Year())):
		return numberMark // so can a date
	case len(digits) > shortest:
		return randomMark
	}
	return numberMark
}

// randomTail is where a random end of a word begins, or -1: where the kind of
// character changes more often than in a word that means something.
func randomTail(w string, private bool) int {
	if len(w) < shortest {
		return -1
	}
	tail := len(w) - shortest
	changes, capital := 0, class(w[tail]) == upper
	var seen [4]bool
	for i := tail; i < len(w); i++ {
		seen[class(w[i])] = true
		capital = capital && (i == tail || class(w[i]) == lower)
		if i > tail && class(w[i]) != class(w[i-1]) {
			changes++
		}
	}
	// Word, krb5cc, word12, PostgreSQL; and for an object that everybody may open,
	// TwoWords.
	word := capital || !seen[upper] && changes <= 2 && class(w[tail]) == lower || !seen[digit] && changes == 1
	if !private && len(w) >= 10 {
		changes = 0
		for i := len(w) - 9; i < len(w); i++ {
			if class(w[i]) != class(w[i-1]) {
				changes++
			}
		}
	}
	if !seen[lower] && !seen[upper] || changes == 0 || word || !private && changes < 4 {
		return -1
	}
	return tail
}
