package ctl

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"tmpshell/internal/clean"
	"tmpshell/internal/config"
)

// inventory is one of everything.
func inventory() *clean.Inventory {
	return &clean.Inventory{
		Items: []*clean.Item{
			{Path: "/tmp/.private/0", Kind: clean.Env, Shared: "/tmp", Mode: 0o700, Survey: clean.Survey{Files: 3, Directories: 1, Bytes: 4096, Newest: time.Now().UnixNano()},
				By: []clean.Process{{PID: 1, Name: "a", Session: 7}, {PID: 2, Name: "b", Session: 7}, {PID: 3, Name: "c", Session: 8}}, Namespaces: 2},
			{Path: "/tmp/.private/4294967294", Kind: clean.Env, UID: 4294967294, Shared: "/tmp", Mode: 0o755, Partly: true},
			{Path: "/tmp/.private-0", Kind: clean.Fallback, Shared: "/tmp", Mode: 0o700},
			{Path: "/var/lib/tmpshell/0/tmp", Kind: clean.Instance, Shared: "/tmp", Mode: 0o1777},
			{Path: "/tmp", Kind: clean.Fresh, Shared: "/tmp", Partly: true, Namespaces: 1},
		},
		Oddities: []clean.Left{{Path: "/tmp/.private-x\n", Why: "is odd"}},
	}
}

// TestStatusJSON: the schema is what tmpshellctl(8) says.
func TestStatusJSON(t *testing.T) {
	manual, err := os.ReadFile("../../man/tmpshellctl.8")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(manual), "\n.Ss status\n")
	section, _, _ = strings.Cut(section, "\n.Ss ")
	for _, of := range []any{statusReport{}, statusDirectory{}} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(of)) {
			if name := field.Tag.Get("json"); !strings.Contains(section, ".It Cm "+name+" ") {
				t.Errorf("the manual page does not tell of %s", name)
			}
		}
	}
	var out bytes.Buffer
	if err := (&output{w: &out}).asJSON(reportOf(inventory(), &config.Config{})); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Directories []map[string]any `json:"directories"`
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || len(report.Directories) != 5 {
		t.Fatalf("%v: %s", err, out.String())
	}
	d := report.Directories[0]
	for key, want := range map[string]any{"user": "root", "account": "there", "sessions": 2.0, "namespaces": 2.0, "inodes": 5.0, "mode": "0700", "private": true, "complete": true} {
		if d[key] != want {
			t.Errorf("%s is %v; want %v", key, d[key], want)
		}
	}
	for n, note := range map[int]string{1: "others may enter it", 2: "a login did not get its directory", 3: "the configuration has changed"} {
		if text := out.String(); !strings.Contains(text, note) {
			t.Errorf("directory %d has no note %q: %v", n, note, report.Directories[n]["notes"])
		}
	}
	// What is not known is null.
	inv := inventory()
	inv.Unseen = errors.New("hidden")
	for _, d := range reportOf(inv, nil).Directories {
		if d.Processes != nil || d.Sessions != nil || d.Namespaces != nil {
			t.Errorf("processes that cannot be seen: %+v", d)
		}
	}
}

// TestStatusMetrics: the parser of Prometheus takes them.
func TestStatusMetrics(t *testing.T) {
	for unseen, past := range map[error]*logged{nil: {fallback: 3, denied: 2, reach: time.Hour}, errors.New("hidden"): nil} {
		inv := inventory()
		inv.Unseen = unseen
		var out bytes.Buffer
		if err := (&output{w: &out}).statusMetrics(reportOf(inv, nil), past, time.Second); err != nil {
			t.Fatal(err)
		}
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(&out)
		if err != nil {
			t.Fatal(err)
		}
		value := func(name, method string) float64 {
			for _, m := range families["tmpshell_"+name].GetMetric() {
				if method == "" || m.GetLabel()[0].GetValue() == method {
					return m.GetGauge().GetValue()
				}
			}
			return -1
		}
		for _, want := range []struct {
			name, method string
			value        float64
		}{
			{"directories", "env", 2}, {"directories", "squatted", 0}, {"bytes", "env", 4096}, {"bytes", "tmpfs", -1},
			{"inodes", "env", 6}, {"exposed_directories", "env", 1}, {"partly_seen_directories", "env", 1}, {"users", "", 2}, {"oddities", "", 1},
		} {
			if got := value(want.name, want.method); got != want.value {
				t.Errorf("%s of %q is %v; want %v", want.name, want.method, got, want.value)
			}
		}
		for _, want := range []struct {
			name, outcome string
			value         float64
		}{{"logged_sessions", "fallback", 3}, {"logged_sessions", "denied", 2}, {"logged_sessions_window_seconds", "", 3600}} {
			if past == nil {
				want.value = -1 // left out
			}
			if got := value(want.name, want.outcome); got != want.value {
				t.Errorf("%s of %q is %v; want %v", want.name, want.outcome, got, want.value)
			}
		}
		used := map[bool]float64{true: 1, false: -1}[unseen == nil]
		if value("used_directories", "env") != used || value("active_users", "") != used {
			t.Errorf("with %v: used %v, active %v; want %v", unseen, value("used_directories", "env"), value("active_users", ""), used)
		}
	}
}

// TestStatusTable: one aligned line each, whatever names there are.
func TestStatusTable(t *testing.T) {
	var out bytes.Buffer
	r := reportOf(inventory(), nil)
	r.sort("size")
	(&output{w: &out}).statusTable(r, time.Now())
	text := out.String()
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 8 || !strings.HasPrefix(lines[1], "root") || strings.Contains(text, "\x1b") {
		t.Errorf("%q", lines)
	}
	at := strings.Index(lines[0], "PATH")
	paths := 0
	for _, l := range lines {
		if len(l) > at && l[at] == '/' {
			paths++
		}
	}
	if paths != 5 {
		t.Errorf("%d paths stand below each other:\n%s", paths, text)
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "not tmpshell's: ") && !strings.Contains(l, "\n") }) {
		t.Errorf("no oddity in\n%s", text)
	}
}
