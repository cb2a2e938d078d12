package private

import "tmpshell/internal/bare"

// Verify tells whether all that a session's mount needs is there as it must be,
// but for what is shared: see VerifyShares.
func (i *Instance) Verify(uid uint32) bare.Trouble {
	var o Opened
	t := i.Open(uid, &o)
	o.Close()
	return t
}
