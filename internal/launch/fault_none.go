//go:build !faulttest

package launch

// reached marks a stage of a login, at which a test of the launcher's own faults
// has one: see fault_inject.go.
func reached(stage) {}
