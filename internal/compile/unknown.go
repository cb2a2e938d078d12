package compile

import (
	"slices"

	"github.com/kballard/go-shellquote"

	"tmpshell/internal/config"
	"tmpshell/internal/policy"
)

func (k key) is(i config.Item) bool {
	return subject(i) == k.subject && i.Text == k.name
}

// whereIs says where a name that nobody knows stands first, and what may have
// been meant.
func (f *numbers) whereIs(c *config.Config, k key) *config.Error {
	e := &config.Error{Message: "nobody knows the user " + k.name}
	if k.subject == policy.SubjectGroup {
		e.Message = "nobody knows the group " + k.name
	}
	found := false
	eachList(c, func(pos config.Pos, list []config.Item, words bool) {
		i := slices.IndexFunc(list, k.is)
		if i < 0 || found {
			return
		}
		found = true
		e.Pos = pos
		if words && list[i].Group {
			e.Message += f.meant(list[i:])
		}
	})
	return e
}

// meant takes the words after a group that nobody knows for the rest of its name,
// as in "Exempt root @domain users", as far as nobody knows them, either.
func (f *numbers) meant(list []config.Item) string {
	name := "@" + list[0].Text
	for _, i := range list[1:] {
		if i.Group || i.IsRange() || !slices.Contains(f.unknown, key{policy.SubjectUser, i.Text}) {
			break
		}
		name += " " + i.Text
	}
	if name == "@"+list[0].Text {
		return ""
	}
	return "; a name with a blank in it is quoted: " + shellquote.Join(name)
}
