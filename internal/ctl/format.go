package ctl

import (
	"strings"

	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/needs"
)

func directoryReports(p config.Policy, uid uint32) []directoryReport {
	list := []directoryReport{}
	for _, d := range p.Directories {
		r := directoryReport{
			Path: d.Path, Method: string(d.Method),
			Variables: append([]string{}, d.Variables...), Options: []string{},
		}
		switch {
		case d.Method == config.Env:
			r.Private = making.EnvPath(d.Path, uid)
		case d.Method == config.Mount:
			r.Private = making.InstancePath(needs.Instance(d), uid)
		}
		for _, o := range []struct{ name, value string }{
			{"variables", strings.Join(d.Variables, ",")},
			{"share", strings.Join(d.Share, ",")},
			{"max-age", d.MaxAge},
			{"size", d.Size},
			{"inodes", d.Inodes},
			{"options", strings.Join(d.Options, ",")},
			{"propagation", d.Propagation},
			{"inherit", d.Inherit},
			{"store", d.Store},
			{"per", d.Per},
			{"link", strings.Join(d.Link, ",")},
		} {
			// The built-in line for /tmp has variables, which an empty
			// list overrides.
			none := o.name == "variables" && d.Path == "/tmp" && d.Method != config.Off
			if o.value != "" || none {
				r.Options = append(r.Options, o.name+"="+o.value)
			}
		}
		list = append(list, r)
	}
	return list
}

func onFailure(p config.Policy) string {
	if p.Deny {
		return "deny"
	}
	return "fallback"
}

func word(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// quoted writes words as they would stand in tmpshell.conf(5), with quotes only
// where it needs them: shellquote.Join would quote each "${" as well.
func quoted(words ...string) string {
	var list []string
	for _, w := range words {
		if w == "" || w[0] == '#' || strings.ContainsAny(w, " \t\r'\"\\") {
			w = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
		list = append(list, w)
	}
	return strings.Join(list, " ")
}
