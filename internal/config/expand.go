package config

import (
	"errors"
	"strings"
)

// checkExpansion tells whether ${NAME} is as a login takes it; "$${" stands for a
// plain "${".
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
