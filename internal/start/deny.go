package start

func denied() bool { return false }
