package account

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"

	"tmpshell/internal/sys"
)

// Service asks the name service for names and numbers. It MUST NOT run with the
// uid of whom it asks about: whoever owns getent's process can answer in its
// place.
type Service struct {
	// Ask runs getent(1) for the keys of a database and hands on what it
	// prints; ErrNotFound: it does not have all of them. Nil: nobody can be
	// asked.
	Ask func(read func(text []byte) bool, database string, keys ...string) error

	// failed keeps the first failure: a server that has not answered one
	// question is not waited for again. slow is for one that has answered others of
	// the same database: it is asked of the other one.
	failed error
	slow   map[string]error
}

// NewService is the machine's own.
func NewService() *Service { return &Service{Ask: askGetent(getentMillis)} }

// NewPatientService is one that waits a minute for an answer: a directory server may
// need longer for a group of many members than a login should.
func NewPatientService() *Service { return &Service{Ask: askGetent(patientMillis)} }

// keysAtOnce bounds one command line.
const keysAtOnce = 200

// IDs returns the numbers of those names that the service has. With an error,
// nothing is known of the others.
func (s *Service) IDs(database string, names []string) (map[string]uint32, error) {
	found := make(map[string]uint32)
	wanted := make(map[string]bool)
	var keys []string
	for _, n := range names {
		// Nobody is called so, and getent would take it for something else.
		if n == "" || n[0] == '-' || strings.ContainsAny(n, ":\n\x00") || wanted[n] {
			continue
		}
		wanted[n] = true
		keys = append(keys, n)
	}
	err := s.each(database, keys, func(name string, id uint32) {
		if _, again := found[name]; wanted[name] && !again {
			found[name] = id
		}
	})
	return found, err
}

// Names returns the names of those numbers that have one.
func (s *Service) Names(database string, ids []uint32) (map[uint32]string, error) {
	found := make(map[uint32]string)
	wanted := make(map[uint32]bool)
	var keys []string
	for _, id := range ids {
		if !wanted[id] {
			wanted[id] = true
			keys = append(keys, strconv.FormatUint(uint64(id), 10))
		}
	}
	err := s.each(database, keys, func(name string, id uint32) {
		if _, again := found[id]; wanted[id] && !again {
			found[id] = name
		}
	})
	return found, err
}

// Accounts returns the accounts of those uids that have one: name and shell.
func (s *Service) Accounts(uids []uint32) (map[uint32]Account, error) {
	found := make(map[uint32]Account)
	keys := make([]string, 0, len(uids))
	for _, id := range uids {
		keys = append(keys, strconv.FormatUint(uint64(id), 10))
	}
	var entries *Entries
	err := s.eachOf(&entries, Users, keys, func(name string, id uint32) {
		if _, again := found[id]; !again && slices.Contains(uids, id) {
			found[id] = Account{Name: name, UID: id, Shell: entries.Shell()}
		}
	})
	return found, err
}

func (s *Service) each(database string, keys []string, visit func(string, uint32)) error {
	var entries *Entries
	return s.eachOf(&entries, database, keys, visit)
}

func (s *Service) eachOf(reader **Entries, database string, keys []string, visit func(string, uint32)) error {
	for len(keys) > 0 {
		if err := cmp.Or(s.failed, s.slow[database]); err != nil {
			return err
		}
		if s.Ask == nil {
			return errNoGetent
		}
		n := min(len(keys), keysAtOnce)
		err := s.question(reader, database, keys[:n], visit)
		if n > 1 && errors.Is(err, sys.ErrTimeout) {
			var answered bool
			if answered, err = s.oneByOne(reader, database, keys[:n], visit); err != nil && answered {
				if s.slow == nil {
					s.slow = map[string]error{}
				}
				s.slow[database] = err
				return err
			}
		}
		if err != nil {
			s.failed = err
			return err
		}
		keys = keys[n:]
	}
	return nil
}

func (s *Service) question(reader **Entries, database string, keys []string, visit func(string, uint32)) error {
	entries := NewEntries(database, func(name string, id uint32) bool {
		visit(name, id)
		return true
	})
	*reader = entries
	err := s.Ask(entries.Add, database, keys...)
	entries.End()
	if err == ErrNotFound {
		return nil
	}
	return err
}

// oneByOne asks again for keys that together had no answer in time. A group of many
// members takes a directory server seconds, and getent prints what it has of the
// others at its end: they must not go unknown for it. The first that has no answer
// when none has had any ends it, as does the second one.
func (s *Service) oneByOne(reader **Entries, database string, keys []string, visit func(string, uint32)) (answered bool, failed error) {
	for _, key := range keys {
		err := s.question(reader, database, []string{key}, visit)
		switch {
		case err == nil:
			answered = true
		case !answered || failed != nil || !errors.Is(err, sys.ErrTimeout):
			return answered, err
		default:
			failed = err
		}
	}
	return answered, failed
}

// askGetent: a getent that is not there says that there is nobody to ask, which
// is the answer of a machine without a name service.
func askGetent(millis int) func(func([]byte) bool, string, ...string) error {
	return func(read func([]byte) bool, database string, keys ...string) error {
		err := getent(millis, commandLine(database, keys), read)
		if err == errNoGetent {
			return ErrNotFound
		}
		return err
	}
}
