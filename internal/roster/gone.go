package roster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"tmpshell/internal/account"
)

// Known is what the sources say of some uids.
type Known struct {
	// Accounts are those that there are, by uid.
	Accounts map[uint32]Account
	// Doubt says why nothing is known of a uid that is not among them; nil: it
	// has no account.
	Doubt error
}

// IsGone tells whether a uid certainly has no account.
func (k Known) IsGone(uid uint32) bool {
	_, there := k.Accounts[uid]
	return !there && k.Doubt == nil
}

// Look finds out which uids have an account. "Not found" counts where everybody
// was asked who may know: a directory that is down is reported as one that has no
// such entry (nslcd), and so each service that is not on the machine itself has to
// name some account in the same breath.
func (s *System) Look(uids []uint32) Known {
	text, err := os.ReadFile(s.Passwd)
	k := Known{Accounts: make(map[uint32]Account, bytes.Count(text, []byte("\n")))}
	if err != nil {
		k.Doubt = err // a machine has one
		return k
	}
	eachIn(text, true, k.add)
	if _, root := k.Accounts[0]; !root {
		k.Doubt = fmt.Errorf("%s has nobody with uid 0: it is not the whole file", s.Passwd)
	}
	var missing []string
	for _, uid := range uids {
		if _, there := k.Accounts[uid]; !there {
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
func (s *System) askAll(k Known, missing, services []string) error {
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

func (s *System) askUIDs(k Known, keys []string) error {
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

// add keeps the first entry of a uid, as getpwuid(3) does.
func (k Known) add(a Account) {
	if _, there := k.Accounts[a.UID]; !there {
		k.Accounts[a.UID] = a
	}
}
