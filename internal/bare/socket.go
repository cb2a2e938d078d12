package bare

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Datagram opens a socket to send datagrams on this machine; it never blocks.
func Datagram() (int, Errno) {
	return Opened(Call(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0, 0, 0))
}

// SendTo sends one datagram to a socket with a path, if it takes it.
func SendTo(socket int, path string, data []byte) {
	var address unix.RawSockaddrUnix
	address.Family = unix.AF_UNIX
	if len(path) >= len(address.Path) {
		return
	}
	for i := 0; i < len(path); i++ {
		*(*byte)(unsafe.Pointer(&address.Path[i])) = path[i] // signed or not, as the processor has it
	}
	_, _ = Call(unix.SYS_SENDTO, fd(socket), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, uintptr(unsafe.Pointer(&address)), unsafe.Sizeof(address))
}
