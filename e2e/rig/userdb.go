package rig

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// UserRecord and GroupRecord are the fields that an account needs, of
// https://systemd.io/USER_RECORD and https://systemd.io/GROUP_RECORD.
type UserRecord struct {
	Name  string `json:"userName"`
	UID   uint32 `json:"uid"`
	GID   uint32 `json:"gid"`
	Home  string `json:"homeDirectory"`
	Shell string `json:"shell,omitempty"`
	// Service says where a record comes from: one of a service has it.
	Service string `json:"service,omitempty"`
}

// GroupRecord has its members in it.
type GroupRecord struct {
	Name    string   `json:"groupName"`
	GID     uint32   `json:"gid"`
	Members []string `json:"members,omitempty"`
	Service string   `json:"service,omitempty"`
}

// UserDB is a service of systemd's userdb, which libnss-systemd asks by varlink
// (https://systemd.io/USER_GROUP_API), or the same records as files.
type UserDB struct {
	t        testing.TB
	mu       sync.Mutex
	listener *net.UnixListener
	hangs    bool
	slow     string
	users    []UserRecord
	groups   []GroupRecord
}

const (
	userdbService = "org.example.Directory"
	userdbSocket  = "/run/systemd/userdb/" + userdbService
	userdbError   = "io.systemd.UserDatabase."
)

// NewUserDB is a service that does not run yet.
func NewUserDB(t testing.TB, users []UserRecord, groups []GroupRecord) *UserDB {
	t.Helper()
	Unpack(t, "systemd")
	return &UserDB{t: t, users: users, groups: groups}
}

// Start has the service answer.
func (d *UserDB) Start() {
	d.t.Helper()
	Must(d.t, "mkdir", "-p", "/run/systemd/userdb")
	_ = os.Remove(userdbSocket)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: userdbSocket, Net: "unix"})
	if err != nil {
		d.t.Fatal(err)
	}
	listener.SetUnlinkOnClose(false) // as a service that has died leaves it
	d.listener = listener
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go d.serve(conn)
		}
	}()
}

// Stop ends the service: connections are refused.
func (d *UserDB) Stop() { _ = d.listener.Close() }

// Hang has the service take questions and never answer, or go on.
func (d *UserDB) Hang(hang bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hangs = hang
}

// slowness is longer than a login waits for a name.
const slowness = 4 * time.Second

// Slow has the service need long for a group.
func (d *UserDB) Slow(group string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.slow = group
}

// Change changes the records.
func (d *UserDB) Change(change func(users *[]UserRecord, groups *[]GroupRecord)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.users, &d.groups)
}

// Write has the records be files, of userdb's names, in place of a service's.
func (d *UserDB) Write() {
	d.t.Helper()
	const dir = "/etc/userdb/"
	Must(d.t, "rm", "-rf", dir)
	write := func(name string, id uint32, kind string, record any) {
		text, err := json.Marshal(record)
		if err != nil {
			d.t.Fatal(err)
		}
		Write(d.t, dir+name+"."+kind, string(text), 0o644)
		if err := os.Symlink(name+"."+kind, fmt.Sprint(dir, id, ".", kind)); err != nil {
			d.t.Fatal(err)
		}
	}
	for _, u := range d.users {
		write(u.Name, u.UID, "user", u)
	}
	for _, g := range d.groups {
		write(g.Name, g.GID, "group", g)
		for _, m := range g.Members { // asked for by the member
			if slices.ContainsFunc(d.users, func(u UserRecord) bool { return u.Name == m }) {
				// An empty one is as none.
				Write(d.t, dir+m+":"+g.Name+".membership", "{}\n", 0o644)
			}
		}
	}
}

// serve answers the questions of one connection: JSON, each with a NUL behind it.
func (d *UserDB) serve(conn net.Conn) {
	defer conn.Close()
	for in := bufio.NewReader(conn); ; {
		text, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var asked struct {
			Method     string
			Parameters struct {
				UID, GID            *uint32
				UserName, GroupName *string
			}
		}
		if err := json.Unmarshal(text[:len(text)-1], &asked); err != nil {
			return
		}
		p := asked.Parameters
		d.mu.Lock()
		var found []any
		slow := false
		switch strings.TrimPrefix(asked.Method, userdbError) {
		case "GetUserRecord":
			for _, u := range d.users {
				if u.Service = userdbService; is(p.UID, u.UID) && is(p.UserName, u.Name) {
					found = append(found, map[string]any{"record": u, "incomplete": false})
				}
			}
		case "GetGroupRecord":
			for _, g := range d.groups {
				if g.Service = userdbService; is(p.GID, g.GID) && is(p.GroupName, g.Name) {
					slow = slow || g.Name == d.slow
					found = append(found, map[string]any{"record": g, "incomplete": false})
				}
			}
		case "GetMemberships":
			for _, g := range d.groups {
				for _, m := range g.Members {
					if is(p.GroupName, g.Name) && is(p.UserName, m) {
						found = append(found, map[string]any{"userName": m, "groupName": g.Name})
					}
				}
			}
		}
		hangs := d.hangs
		d.mu.Unlock()
		if slow {
			time.Sleep(slowness)
		}
		if hangs {
			continue
		}
		answer(conn, found)
	}
}

// is: what was not asked for is anything.
func is[T comparable](asked *T, have T) bool { return asked == nil || *asked == have }

func answer(conn net.Conn, found []any) {
	out := bufio.NewWriter(conn)
	defer out.Flush()
	one := func(reply map[string]any) {
		text, err := json.Marshal(reply)
		if err == nil {
			_, _ = out.Write(append(text, 0))
		}
	}
	if len(found) == 0 {
		one(map[string]any{"error": userdbError + "NoRecordFound", "parameters": map[string]any{}})
	}
	for i, f := range found {
		one(map[string]any{"parameters": f, "continues": i < len(found)-1})
	}
}
