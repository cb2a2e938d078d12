package bare

import "unsafe"

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

// IsUID tells whether the real, the effective and the saved user id are this one.
func IsUID(uid uint32) bool { return areIDs(sysGetresuid, uid) }

// IsGID tells the same of the group ids.
func IsGID(gid uint32) bool { return areIDs(sysGetresgid, gid) }

func areIDs(call uintptr, id uint32) bool {
	var ids [3]uint32
	_, e := Call(call, uintptr(unsafe.Pointer(&ids[0])), uintptr(unsafe.Pointer(&ids[1])), uintptr(unsafe.Pointer(&ids[2])), 0, 0, 0)
	return e == 0 && ids == [3]uint32{id, id, id}
}

// SetUID sets the real, the effective and the saved user id of this thread.
func SetUID(uid uint32) Errno {
	return errno(Call(sysSetresuid, uintptr(uid), uintptr(uid), uintptr(uid), 0, 0, 0))
}

// SetGID sets the group ids.
func SetGID(gid uint32) Errno {
	return errno(Call(sysSetresgid, uintptr(gid), uintptr(gid), uintptr(gid), 0, 0, 0))
}

// SetGroups sets the supplementary groups.
func SetGroups(gids []uint32) Errno {
	return errno(Call(sysSetgroups, uintptr(len(gids)), uintptr(unsafe.Pointer(unsafe.SliceData(gids))), 0, 0, 0, 0))
}
