package ctl

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"tmpshell/internal/build"
)

type versionReport struct {
	Version string `json:"version"`
	Go      string `json:"go"`
}

func versionCommand(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  takes(0, 0),
		RunE:  verb(func([]string) error { return out.version() }),
	}
}

func (o *output) version() error {
	if o.json {
		return o.asJSON(versionReport{build.Version, runtime.Version()})
	}
	fmt.Fprintf(o.w, "tmpshellctl %s (%s)\n", build.Version, runtime.Version())
	return nil
}
