package private

// RuntimeName is the directory for XDG_RUNTIME_DIR inside a user's directory for
// /tmp, 0700. It is there only where no logind makes /run/user/UID.
const RuntimeName = ".runtime"
