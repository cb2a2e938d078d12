package ctl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tmpshell/internal/config"
)

// nextStep is the verb or the flag that was probably meant, or where to look.
func nextStep(root, ran *cobra.Command, args []string, err error) string {
	word := firstArg(args)
	if ran.Name() == helpVerb {
		word, ran = firstArg(ran.Flags().Args()), root
	}
	if meant := config.Closest(word, verbs(root)); ran == root && meant != "" {
		return "did you mean " + root.Name() + " " + meant + "?"
	}
	if flag, unknown := strings.CutPrefix(err.Error(), "unknown flag: --"); unknown {
		var flags []string
		ran.Flags().VisitAll(func(f *pflag.Flag) { flags = append(flags, f.Name) })
		if meant := config.Closest(flag, flags); meant != "" {
			return "did you mean --" + meant + "?"
		}
	}
	return "run " + ran.CommandPath() + " --help"
}

// firstArg is the first word that is no flag.
func firstArg(args []string) string {
	for _, a := range args {
		if !strings.HasPrefix(a, "-") {
			return a
		}
	}
	return ""
}

func verbs(root *cobra.Command) []string {
	var list []string
	for _, c := range root.Commands() {
		list = append(append(list, c.Name()), c.Aliases...)
	}
	return list
}

// wrongUsage says in words of ours what cobra and pflag have found.
func wrongUsage(err error) string {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) {
		f := value.GetFlag()
		switch f.Value.Type() {
		case "duration":
			return fmt.Sprintf("--%s takes a time such as 90s or 1h, not %q", f.Name, value.GetValue())
		case "bool":
			return fmt.Sprintf("--%s takes no value, or true or false, not %q", f.Name, value.GetValue())
		}
	}
	// MarkFlagsMutuallyExclusive
	if _, list, ok := strings.Cut(err.Error(), "are set none of the others can be; ["); ok {
		list, _, _ = strings.Cut(list, "]")
		return "--" + strings.Join(strings.Fields(list), " and --") + " exclude each other"
	}
	return err.Error()
}

// takes says how many operands a verb has, and which.
func takes(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if least <= len(args) && len(args) <= most {
			return nil
		}
		if most == 0 {
			return fmt.Errorf("%s takes no arguments, not %q", c.Name(), args[0])
		}
		_, operands, _ := strings.Cut(c.Use, " ")
		switch len(args) {
		case 0:
			return fmt.Errorf("%s takes %s, and there is none", c.Name(), operands)
		case 1:
			return fmt.Errorf("%s takes %s, and there is %q alone", c.Name(), operands, args[0])
		}
		return fmt.Errorf("%s takes %s, not %d arguments", c.Name(), operands, len(args))
	}
}

// oneWordOf: what, such as a flag, takes one of some words.
func oneWordOf(what, given string, words ...string) error {
	if slices.Contains(words, given) {
		return nil
	}
	last, meant := len(words)-1, config.Closest(given, words)
	if meant != "" {
		meant = "; did you mean " + meant + "?"
	}
	return fmt.Errorf("%s takes %s or %s, not %q%s", what, strings.Join(words[:last], ", "), words[last], given, meant)
}

const helpVerb = "help"

// ownHelp makes the verb help, which is cobra's own, refuse what is no verb.
func ownHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == helpVerb {
			c.Args = func(_ *cobra.Command, args []string) error {
				if found, rest, err := root.Find(args); err != nil || len(rest) > 0 && found == root {
					return fmt.Errorf("unknown command %q for %q", args[0], root.Name())
				}
				return nil
			}
		}
	}
}
