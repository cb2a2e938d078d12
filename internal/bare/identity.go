package bare

// Getuid returns the real user id, which is whose session it is.
func Getuid() uint32 { return id(sysGetuid) }

// Geteuid returns the effective user id.
func Geteuid() uint32 { return id(sysGeteuid) }

// Getgid returns the real group id.
func Getgid() uint32 { return id(sysGetgid) }

func id(call uintptr) uint32 {
	r, _ := Call(call, 0, 0, 0, 0, 0, 0) // these always succeed
	return uint32(r)
}
