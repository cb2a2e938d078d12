package audit

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if os.Args[0] == Stage {
		os.Exit(RunStage())
	}
	os.Exit(m.Run())
}
