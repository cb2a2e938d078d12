package report

import (
	"fmt"
	"strings"
)

// A Row is one command of a table.
type Row struct {
	Name string
	Ours bool // tmpshell's own
	// Base is the name of the row that Added was subtracted from, empty for such a
	// row itself; Added is then its whole time.
	Base                                string
	Added                               Interval // ms
	Processor                           float64  // ms, all descendants included
	Voluntary, Switches, Faults, Memory float64  // counts; KiB
}

// A Table is what one interleaved run has measured.
type Table struct {
	Name, Title string
	Rounds      int
	// TimesOnly says that what was measured is the time of a client: the rest is
	// the server's.
	TimesOnly bool
	Rows      []Row
	// Notes are lines below the table.
	Notes []string
}

// Markdown is the table as text.
func (t Table) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Medians of %d rounds, 95 %% intervals.\n\n", t.Title, t.Rounds)
	if t.TimesOnly {
		b.WriteString("| | ms | interval |\n| --- | ---: | --- |\n")
	} else {
		b.WriteString("| | ms | interval | processor, ms | switches (voluntary) | page faults | peak memory, KiB |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |\n")
	}
	for _, r := range t.Rows {
		name, added := r.Name, fmt.Sprintf("%+.2f", r.Added.Mid)
		if r.Ours {
			name, added = "**"+name+"**", "**"+added+"**"
		}
		if r.Base == "" {
			added = fmt.Sprintf("(%.2f)", r.Added.Mid)
		}
		fmt.Fprintf(&b, "| %s | %s | %.2f to %.2f |", name, added, r.Added.Low, r.Added.High)
		if !t.TimesOnly {
			fmt.Fprintf(&b, " %.2f | %.0f (%.0f) | %.0f | %.0f |", r.Processor, r.Switches, r.Voluntary, r.Faults, r.Memory)
		}
		b.WriteString("\n")
	}
	for _, n := range t.Notes {
		b.WriteString("\n" + n + "\n")
	}
	return b.String()
}

// Sections puts texts between their marks in a document, <!-- NAME --> and
// <!-- /NAME -->, and says which have no place there.
func Sections(document string, texts map[string]string) (changed string, missing []string) {
	for name, text := range texts {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
		before, rest, found := strings.Cut(document, begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			missing = append(missing, name)
			continue
		}
		document = before + begin + "\n" + strings.TrimSpace(text) + "\n\n" + end + after
	}
	return document, missing
}
