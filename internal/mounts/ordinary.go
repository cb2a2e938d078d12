package mounts

// OldKernel has nothing used that is younger than Linux 5, for tests.
func OldKernel() { byPath = true }
