package ctl

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"tmpshell/internal/migrate"
	"tmpshell/internal/msg"
)

// namespaceConf is read with what stands in the directory beside it, as
// pam_namespace(8) does.
const namespaceConf = "/etc/security/namespace.conf"

type importReport struct {
	Configuration string            `json:"configuration"`
	NoEquivalent  []migrate.Finding `json:"no_equivalent"`
}

func importCommand(out *output, complain func(string)) *cobra.Command {
	return &cobra.Command{
		Use:   "import [FILE...]",
		Short: "Translate the namespace.conf of pam_namespace",
		RunE: verb(func(files []string) error {
			if len(files) == 0 {
				more, _ := filepath.Glob("/etc/security/namespace.d/*.conf") // a bad pattern only
				files = append([]string{namespaceConf}, more...)
			}
			var sources []migrate.Source
			for _, file := range files {
				text, err := os.ReadFile(file)
				if errors.Is(err, fs.ErrNotExist) && file == namespaceConf && len(files) > 1 {
					continue
				}
				if err != nil {
					return err
				}
				sources = append(sources, migrate.Source{Name: file, Text: string(text)})
			}
			conf, findings := migrate.Namespace(sources)
			if out.json {
				if err := out.asJSON(importReport{conf, findings}); err != nil {
					return err
				}
			} else {
				fmt.Fprint(out.w, conf)
			}
			for _, f := range findings {
				complain(msg.Line(fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)))
			}
			if len(findings) > 0 {
				return errFindings
			}
			return nil
		}),
	}
}
