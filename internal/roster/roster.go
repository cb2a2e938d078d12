// Package roster lists the accounts of a machine from every source, as far as
// they let themselves be listed, and says where they do not.
//
// Nobody is locked out by what it says: an error that keeps it from finding out is
// returned, and never read as "there is none".
package roster

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"tmpshell/internal/account"
)

// Account is an account, and where it is kept.
type Account struct {
	account.Account
	// Local: it is in /etc/passwd, where usermod(8) changes it. Every other one
	// is changed where it is kept.
	Local bool
}

// System is where accounts come from.
type System struct {
	Passwd, Group, NSSwitch string
	// Getent runs getent(1) and returns what it prints; account.ErrNotFound: it
	// does not have all of the keys.
	Getent func(words ...string) ([]byte, error)
}

// Machine is the machine's own.
func Machine() *System {
	return &System{"/etc/passwd", "/etc/group", "/etc/nsswitch.conf", getent}
}

// local are the services of nsswitch.conf(5) that are on the machine itself: they
// list whatever they have.
var local = []string{"files", "db", "compat", "systemd", "extrausers", "altfiles", "mymachines"}

// keysAtOnce bounds one command line.
const keysAtOnce = 200

// Everybody lists the accounts: those of /etc/passwd, those that the name service
// lists, and those of uids. silent are the services of nsswitch.conf(5), such as
// sss or ldap, that list nobody: a directory that is not to be listed, or that
// does not answer.
func (s *System) Everybody(uids []uint32) (list []Account, silent []string, err error) {
	if list, err = s.inFile(); err != nil {
		return nil, nil, err
	}
	services, err := s.directories()
	if err != nil {
		return nil, nil, err
	}
	all, err := s.ask("passwd")
	if err != nil {
		return nil, nil, err
	}
	for _, service := range services {
		own, err := s.ask("-s", service, "passwd")
		if err != nil {
			return nil, nil, err
		}
		if len(own) == 0 {
			silent = append(silent, service)
		}
		all = append(all, own...)
	}
	for keys := range slices.Chunk(uids, keysAtOnce) {
		words := []string{"passwd"}
		for _, uid := range keys {
			words = append(words, strconv.FormatUint(uint64(uid), 10))
		}
		own, err := s.ask(words...)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, own...)
	}
	return add(list, all), silent, nil
}

// add adds the accounts whose names are not there.
func add(list, more []Account) []Account {
	have := make(map[string]bool)
	for _, a := range list {
		have[a.Name] = true
	}
	for _, a := range more {
		if !have[a.Name] {
			have[a.Name] = true
			list = append(list, a)
		}
	}
	return list
}

// ByName is the account of this name.
func (s *System) ByName(name string) (Account, error) {
	list, err := s.inFile()
	if err != nil {
		return Account{}, err
	}
	if i := slices.IndexFunc(list, func(a Account) bool { return a.Name == name }); i >= 0 {
		return list[i], nil
	}
	if name == "" || name[0] == '-' || strings.ContainsAny(name, ":\n\x00") {
		return Account{}, account.ErrNotFound
	}
	list, err = s.ask("passwd", name)
	if i := slices.IndexFunc(list, func(a Account) bool { return a.Name == name }); i >= 0 {
		return list[i], nil
	}
	if err == nil {
		err = account.ErrNotFound
	}
	return Account{}, err
}

// Members are the accounts of a group: those that it names, and those whose own
// group it is, as far as they let themselves be listed.
func (s *System) Members(group string) (list []Account, silent []string, err error) {
	gid, names, err := s.group(group)
	if err != nil {
		return nil, nil, err
	}
	all, silent, err := s.Everybody(nil)
	if err != nil {
		return nil, nil, err
	}
	for _, a := range all {
		if i := slices.Index(names, a.Name); i >= 0 || a.GID == gid {
			list = append(list, a)
		}
	}
	for _, name := range names {
		if slices.ContainsFunc(list, func(a Account) bool { return a.Name == name }) {
			continue
		}
		a, err := s.ByName(name)
		if errors.Is(err, account.ErrNotFound) {
			continue // a name that is left of an account
		}
		if err != nil {
			return nil, nil, err
		}
		list = append(list, a)
	}
	return list, silent, nil
}

// group finds a group in /etc/group, and else with the name service.
func (s *System) group(name string) (gid uint32, members []string, err error) {
	text, err := os.ReadFile(s.Group)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, nil, err
	}
	if gid, members, ok := groupIn(text, name); ok {
		return gid, members, nil
	}
	if name == "" || name[0] == '-' || strings.ContainsAny(name, ":\n\x00") {
		return 0, nil, account.ErrNotFound
	}
	text, err = s.Getent("group", name)
	if gid, members, ok := groupIn(text, name); ok {
		return gid, members, nil
	}
	if err == nil || errors.Is(err, errNone) {
		err = account.ErrNotFound
	}
	return 0, nil, err
}

func groupIn(text []byte, name string) (gid uint32, members []string, ok bool) {
	for line := range bytes.Lines(text) {
		f := strings.Split(strings.TrimSuffix(string(line), "\n"), ":")
		if len(f) != 4 || f[0] != name {
			continue
		}
		if gid, ok = account.ParseID(f[2]); ok {
			return gid, strings.FieldsFunc(f[3], func(c rune) bool { return c == ',' }), true
		}
	}
	return 0, nil, false
}

// inFile are the accounts of /etc/passwd.
func (s *System) inFile() ([]Account, error) {
	text, err := os.ReadFile(s.Passwd)
	if err != nil {
		return nil, err // a machine has one
	}
	return parse(text, true), nil
}

// ask are the accounts that the name service tells of.
func (s *System) ask(words ...string) ([]Account, error) {
	text, err := s.Getent(words...)
	switch {
	case err == nil, errors.Is(err, account.ErrNotFound), errors.Is(err, errNone):
		return parse(text, false), nil
	}
	return nil, fmt.Errorf("getent %s: %w", strings.Join(words, " "), err)
}

func parse(text []byte, isLocal bool) (list []Account) {
	eachIn(text, isLocal, func(a Account) { list = append(list, a) })
	return list
}

func eachIn(text []byte, isLocal bool, visit func(Account)) {
	for line := range bytes.Lines(text) {
		if a, ok := account.ParsePasswd(bytes.TrimSuffix(line, []byte("\n"))); ok {
			visit(Account{a, isLocal})
		}
	}
}

// directories are the services that may keep accounts somewhere else.
func (s *System) directories() ([]string, error) {
	all, err := s.services()
	return slices.DeleteFunc(all, func(service string) bool { return slices.Contains(local, service) }), err
}

// services are all of them that nsswitch.conf(5) names for accounts.
func (s *System) services() ([]string, error) {
	text, err := os.ReadFile(s.NSSwitch)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // glibc's default, and musl has nothing else
	}
	if err != nil {
		return nil, err
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		line, _, _ = strings.Cut(line, "#")
		database, services, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(database) != "passwd" && strings.TrimSpace(database) != "passwd_compat" {
			continue
		}
		for {
			before, action, isAction := strings.Cut(services, "[")
			for _, service := range strings.Fields(before) {
				if !slices.Contains(list, service) {
					list = append(list, service)
				}
			}
			if !isAction {
				break
			}
			_, services, _ = strings.Cut(action, "]")
		}
	}
	return list, nil
}
