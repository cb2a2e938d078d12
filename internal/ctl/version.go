package ctl

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"tmpshell/internal/build"
)

func versionCommand(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: verb(func([]string) error {
			if out.json {
				return out.asJSON(map[string]string{"version": build.Version, "go": runtime.Version()})
			}
			fmt.Fprintf(out.w, "tmpshellctl %s (%s)\n", build.Version, runtime.Version())
			return nil
		}),
	}
}
