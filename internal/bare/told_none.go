//go:build !emulatortest

package bare

// told is the signal that tells of the end of what [Fork] makes: see told_emulated.go.
const told = 0
