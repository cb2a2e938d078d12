package ctl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"tmpshell/internal/build"
	"tmpshell/internal/compile"
	"tmpshell/internal/config"
	"tmpshell/internal/making"
	"tmpshell/internal/needs"
	"tmpshell/internal/policy"
	"tmpshell/internal/roster"
	"tmpshell/internal/wrapper"
)

// unsetup: nothing is removed while somebody could not log in without it.
func unsetup(f setupFlags) []step {
	var steps []step
	if f.disable {
		r := &rollOut{roster: roster.Machine()}
		if err := r.disableAll(); err != nil {
			r.add("accounts", "", err)
		}
		steps = r.steps
	}
	steps = append(steps, lockedOut(f.force)...)
	if hasFailed(steps) && !f.force {
		return steps
	}
	return append(steps, undo()...)
}

func undo() []step {
	steps := []step{
		capabilities(build.Helper(), 0),
		capabilities(build.Launcher(), 0),
	}
	for _, program := range []string{build.Session(), build.Remover()} {
		if _, err := os.Lstat(program); err == nil {
			steps = append(steps, capabilities(program, 0))
		}
	}
	bases, notKnown := basesInForce()                  // before the policy goes
	policies, err := filepath.Glob(policy.Paths + "*") // of other versions, too
	// What clean has seen, and what a crash has left of compile.Write.
	others, _ := filepath.Glob(seenPath + "*")
	unfinished, _ := filepath.Glob(tmpfilesConf + ".new-*")
	for _, p := range slices.Concat(policies, others, unfinished) {
		err = errors.Join(err, os.Remove(p))
	}
	steps = append(append(steps, result("policy", "removed", err), unlistShells()), unlink()...)
	if notKnown != nil {
		steps = append(steps, result("bases", "", notKnown))
	}
	steps = append(steps, unflag(bases)...)
	return append(steps, forgetBoot()...)
}

// basesInForce are the bases of the configuration, and of the last good policy where
// that is refused. With an error they are those that are built in.
func basesInForce() ([]making.Base, error) {
	conf, err := config.Load(build.Config)
	if err == nil {
		return needs.OfConfig(conf).Bases, nil
	}
	var last policy.File
	if t := last.Read(policy.Path, make([]byte, policy.MaxSize+1)); !t.OK() {
		return needs.OfConfig(&config.Config{}).Bases, fmt.Errorf("%s is refused, and there is no last good policy; "+
			"take the append-only flag of older versions from the bases that it names, with chattr -a: %w", build.Config, err)
	}
	var bases []making.Base
	for _, p := range compile.EverybodyOf(&last).Paths {
		if p.Env {
			bases = append(bases, making.Base(p.At))
		}
	}
	return bases, nil
}

// unlink removes the links tmpshell-NAME: without tmpshell they lead nowhere.
func unlink() []step {
	var steps []step
	for _, l := range wrapper.Candidates() {
		if to, err := os.Readlink(l); err == nil && (to == "tmpshell" || to == build.Launcher()) {
			steps = append(steps, result(l, "removed", os.Remove(l)))
		}
	}
	return steps
}

// unflag lets everybody who is allowed to remove a base, which stays.
func unflag(bases []making.Base) []step {
	var steps []step
	for _, b := range bases {
		if on, err := b.IsAppendOnly(); on || err != nil {
			steps = append(steps, asRoot("base "+b.Path(), "the append-only flag is lifted",
				func(*making.Maker) error { return b.LiftFlag() }))
		}
	}
	return steps
}
