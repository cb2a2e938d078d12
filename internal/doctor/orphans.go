package doctor

import (
	"fmt"
	"maps"
	"slices"

	"tmpshell/internal/clean"
	"tmpshell/internal/making"
	"tmpshell/internal/roster"
)

// checkOrphans: no directory waits for the next account with its uid.
func checkOrphans(m *machine, r *report) error {
	var where clean.Where
	add := func(list *[]string, path string) {
		if !slices.Contains(*list, path) {
			*list = append(*list, path)
		}
	}
	for _, b := range m.needs.Bases {
		add(&where.Shared, string(b))
	}
	for _, i := range m.needs.Instances {
		add(&where.Shared, i.At)
		add(&where.Stores, making.StoreOf(i))
	}
	found := clean.Question{Where: where, Names: true}.Take()
	if len(found.Errors) > 0 {
		r.note(found.Errors[0] + ": whose directories there are is not known")
	}
	of := make(map[uint32][]string)
	for _, i := range found.Items {
		if !i.Leftover && i.Kind != clean.Squatted {
			of[i.UID] = append(of[i.UID], i.Path)
		}
	}
	uids := slices.Sorted(maps.Keys(of))
	known := roster.Machine().Look(uids)
	uids = slices.DeleteFunc(uids, func(uid uint32) bool { _, there := known.Of(uid); return there })
	if known.Doubt != nil && len(uids) > 0 {
		r.note(fmt.Sprintf("it is not known whether uid %d, and %d others who have directories, have an account: %v", uids[0], len(uids)-1, known.Doubt))
		return nil
	}
	for n, uid := range uids {
		if n == maxTold {
			r.warn(fmt.Sprintf("%d more user IDs without an account have directories", len(uids)-n), run("tmpshellctl", "clean", "--orphans"))
			break
		}
		r.warn(fmt.Sprintf("uid %d has no account: the next account with this number would get %s", uid, of[uid][0]), run("tmpshellctl", "clean", "--orphans"))
	}
	r.otherwise("every directory is an account's")
	return nil
}

// maxTold bounds how many are named one by one.
const maxTold = 10
