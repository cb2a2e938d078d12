package launch

import (
	"tmpshell/internal/config"
)

// Apply puts what was prepared, and SetEnv of the policy, into an environment.
func Apply(env *Environment, prepared Prepared, policy config.Policy) {
	for _, name := range prepared.Unset {
		env.Unset(name)
	}
	for _, s := range prepared.Set {
		env.Set(s.Name, s.Value)
	}
	if policy.Exempt {
		return
	}
	for _, s := range policy.SetEnv {
		env.Set(s.Name, config.Expand(s.Value, func(name string) string {
			value, _ := env.Get(name)
			return value
		}))
	}
}
