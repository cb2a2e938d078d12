package launch

// stage is how far a login has come.
type stage uint8

const (
	atStart       stage = '0' + iota // nothing is known but what the kernel has left
	atCall                           // how it was called is, too
	atPolicy                         // and what the policy says
	atDirectories                    // and all that is to be there is
	atEnd                            // the environment is made
	atChild                          // in the process that starts the helper
)
