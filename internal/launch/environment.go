package launch

import (
	"strings"
)

// Environment is an environment block: entries as the kernel delivers them, in
// their order, duplicates and entries without '=' included.
type Environment []string

// Get returns the value of a variable; of duplicates the last one, which is
// the one that a shell takes.
func (e Environment) Get(name string) (string, bool) {
	for i := len(e) - 1; i >= 0; i-- {
		if value, ok := valueOf(e[i], name); ok {
			return value, true
		}
	}
	return "", false
}

// Any tells whether one of the values that a variable has, in duplicates, is
// such: getenv(3) takes the first of them, a shell the last.
func (e Environment) Any(name string, such func(value string) bool) bool {
	for _, entry := range e {
		if value, ok := valueOf(entry, name); ok && such(value) {
			return true
		}
	}
	return false
}

// Set gives a variable a value at the place where it is, or at the end.
func (e *Environment) Set(name, value string) {
	entry := name + "=" + value
	kept := (*e)[:0]
	done := false
	for _, old := range *e {
		if _, ok := valueOf(old, name); ok {
			if done {
				continue
			}
			old, done = entry, true
		}
		kept = append(kept, old)
	}
	if !done {
		kept = append(kept, entry)
	}
	*e = kept
}

// Unset removes a variable, every duplicate of it.
func (e *Environment) Unset(name string) {
	kept := (*e)[:0]
	for _, old := range *e {
		if _, ok := valueOf(old, name); !ok {
			kept = append(kept, old)
		}
	}
	*e = kept
}

func valueOf(entry, name string) (string, bool) {
	if len(entry) <= len(name) || entry[len(name)] != '=' || !strings.HasPrefix(entry, name) {
		return "", false
	}
	return entry[len(name)+1:], true
}
