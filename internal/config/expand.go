package config

import (
	"errors"
	"strings"
)

// Expand replaces ${NAME} by what get returns for NAME; "$${" stands for a
// plain "${". A '$' before anything else is a plain '$'.
func Expand(value string, get func(name string) string) string {
	var b strings.Builder
	for {
		i := strings.Index(value, "${")
		if i < 0 {
			b.WriteString(value)
			return b.String()
		}
		if i > 0 && value[i-1] == '$' {
			b.WriteString(value[:i-1] + "${")
			value = value[i+2:]
			continue
		}
		b.WriteString(value[:i])
		name, rest, _ := strings.Cut(value[i+2:], "}")
		b.WriteString(get(name))
		value = rest
	}
}

func checkExpansion(value string) (err error) {
	for rest := value; ; {
		i := strings.Index(rest, "${")
		if i < 0 {
			return nil
		}
		if i > 0 && rest[i-1] == '$' {
			rest = rest[i+2:]
			continue
		}
		name, after, closed := strings.Cut(rest[i+2:], "}")
		if !closed || !validName(name) {
			return errors.New("${NAME} is not closed, or NAME is no variable, in " + value + " (write $${ for a plain ${)")
		}
		rest = after
	}
}
