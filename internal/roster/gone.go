package roster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"tmpshell/internal/account"
	"tmpshell/internal/sys"
)

// Known is what the sources say of the uids that they were asked about.
type Known struct {
	// Doubt says why nothing is known of a uid that has no account here; nil: it has
	// none.
	Doubt error
	uids  []uint32 // in order
	of    []Who    // each of them is
}

// Who has a uid. Without a name: nobody.
type Who struct{ Name, Home string }

// Of is whose a uid is, if that is known.
func (k *Known) Of(uid uint32) (who Who, there bool) {
	if i, asked := slices.BinarySearch(k.uids, uid); asked {
		who = k.of[i]
	}
	return who, who.Name != ""
}

// IsGone tells whether a uid that was asked about certainly has no account.
func (k *Known) IsGone(uid uint32) bool {
	i, asked := slices.BinarySearch(k.uids, uid)
	return asked && k.of[i].Name == "" && k.Doubt == nil
}

// add keeps the first entry of a uid, as getpwuid(3) does.
func (k *Known) add(a Account) {
	if i, asked := slices.BinarySearch(k.uids, a.UID); asked && k.of[i].Name == "" {
		k.of[i] = Who{a.Name, a.Home}
	}
}

// Look finds out which uids have an account. "Not found" counts where everybody
// was asked who may know: a directory that is down is reported as one that has no
// such entry (nslcd), and so each service that is not on the machine itself has to
// name some account in the same breath.
func (s *System) Look(uids []uint32) *Known {
	k := &Known{uids: slices.Clone(uids)}
	slices.Sort(k.uids)
	k.uids = slices.Compact(k.uids)
	k.of = make([]Who, len(k.uids))
	root, err := s.lookInFile(k)
	if err != nil {
		k.Doubt = err // a machine has one
		return k
	}
	if !root {
		k.Doubt = fmt.Errorf("%s has nobody with uid 0: it is not the whole file", s.Passwd)
	}
	var missing []string
	for i, uid := range k.uids {
		if k.of[i].Name == "" {
			missing = append(missing, strconv.FormatUint(uint64(uid), 10))
		}
	}
	if len(missing) == 0 {
		return k
	}
	services, err := s.directories()
	if err == nil && len(services) == 0 {
		services, err = s.included()
	}
	if err == nil {
		err = s.askAll(k, missing, services)
	}
	if k.Doubt == nil {
		k.Doubt = err
	}
	return k
}

// lookInFile reads /etc/passwd as a stream: of most of it nothing is kept. root: it has
// somebody with uid 0.
func (s *System) lookInFile(k *Known) (root bool, err error) {
	file, err := os.Open(s.Passwd)
	if err != nil {
		return false, err
	}
	defer file.Close()
	err = sys.EachLine(int(file.Fd()), func(line []byte) bool {
		if a, ok := account.ParsePasswd(line); ok {
			root = root || a.UID == 0
			k.add(Account{a, true})
		}
		return true
	})
	return root, err
}

// included is NIS, where "compat" of nsswitch.conf(5) has lines of /etc/passwd that
// begin with "+" lead there, and no passwd_compat leads elsewhere.
func (s *System) included() ([]string, error) {
	all, err := s.services()
	if err != nil || !slices.Contains(all, "compat") {
		return nil, err
	}
	text, err := os.ReadFile(s.Passwd)
	if bytes.HasPrefix(text, []byte("+")) || bytes.Contains(text, []byte("\n+")) {
		return []string{"nis"}, err
	}
	return nil, err
}

// askAll asks the name service before and after each directory has shown that it
// answers.
func (s *System) askAll(k *Known, missing, services []string) error {
	if err := s.askUIDs(k, missing); err != nil {
		return err
	}
	if len(services) == 0 {
		return nil
	}
	for _, service := range services {
		if err := s.answers(service, missing); err != nil {
			return err
		}
	}
	return s.askUIDs(k, missing)
}

func (s *System) askUIDs(k *Known, keys []string) error {
	for some := range slices.Chunk(keys, keysAtOnce) {
		text, err := s.Getent(append([]string{"passwd"}, some...)...)
		if errors.Is(err, errNone) {
			if _, e := os.Stat(s.NSSwitch); errors.Is(e, os.ErrNotExist) {
				return nil // without a name service there is nobody to ask
			}
		}
		if err != nil && !errors.Is(err, account.ErrNotFound) {
			return fmt.Errorf("getent passwd: %w", err)
		}
		eachIn(text, false, k.add)
	}
	return nil
}

// answers tells why it is not known whether a directory answers.
func (s *System) answers(service string, keys []string) error {
	for some := range slices.Chunk(keys, keysAtOnce) {
		list, err := s.ask(append([]string{"-s", service, "passwd"}, some...)...)
		if err != nil || len(list) > 0 {
			return err
		}
	}
	list, err := s.ask("-s", service, "passwd")
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("%s of %s names nobody: it may not answer", service, s.NSSwitch)
	}
	return err
}
