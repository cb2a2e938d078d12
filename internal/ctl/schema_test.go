package ctl

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tmpshell/internal/audit"
)

// schemaFile is the JSON Schema of what --json prints, which is installed. Fields may be
// added in a later version; none changes its meaning.
const schemaFile = "../../etc/schema/tmpshellctl.json"

// reports are what the verbs print.
var reports = map[string]any{
	"audit": auditReport{}, "audit-list": []audit.Known{}, "audit-system": audit.SystemResult{}, "check": checkReport{}, "clean": cleanedReport{},
	"doctor": doctorReport{}, "env": envReport{}, "import": importReport{}, "job": jobReport{}, "path": pathReport{},
	"setup": []step{}, "show": policyReport{}, "status": statusReport{}, "version": versionReport{},
}

// TestSchema: every field that a report has is in the schema, and no other, with its type,
// a description, and whether it is always there.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for verb, report := range reports {
		want := schemaOf(reflect.TypeOf(report))
		got, there := schema.Defs[verb]
		if !there {
			t.Errorf("no schema for %s; want\n%s", verb, asText(t, want))
			continue
		}
		if diff := cmp.Diff(normal(t, want), bareSchema(t, verb, got)); diff != "" {
			t.Errorf("%s (-the program +%s):\n%s", verb, schemaFile, diff)
		}
	}
	if len(schema.Defs) != len(reports) {
		t.Errorf("%d verbs have a schema, and %d print JSON", len(schema.Defs), len(reports))
	}
}

// schemaOf is the schema of what encoding/json makes of a type.
func schemaOf(is reflect.Type) map[string]any {
	switch {
	case is == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case is.Kind() == reflect.Pointer:
		return schemaOf(is.Elem())
	case is.Kind() == reflect.Struct:
		properties, required := map[string]any{}, []string{}
		addFields(is, properties, &required)
		slices.Sort(required)
		return map[string]any{"type": "object", "properties": properties, "required": required}
	case is.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(is.Elem())}
	case is.Kind() == reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(is.Elem())}
	case is.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case is.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	}
	return map[string]any{"type": "integer"}
}

func addFields(is reflect.Type, properties map[string]any, required *[]string) {
	for i := range is.NumField() {
		f := is.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			inner := f.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			addFields(inner, properties, required)
			continue
		}
		if name == "-" || name == "" {
			continue
		}
		field := schemaOf(f.Type)
		switch {
		case strings.Contains(options, "omitempty"):
		case f.Type.Kind() == reflect.Pointer:
			field["type"] = []string{field["type"].(string), "null"}
			fallthrough
		default:
			*required = append(*required, name)
		}
		properties[name] = field
	}
}

// bareSchema is a schema without the words for people, each of which has to be there.
func bareSchema(t *testing.T, at string, s any) any {
	t.Helper()
	of, is := s.(map[string]any)
	if !is {
		return s
	}
	bare := map[string]any{}
	for key, value := range of {
		switch key {
		case "description", "enum":
		case "type":
			// A list that is not known is null.
			if list, is := value.([]any); is && list[0] == "array" {
				value = list[0]
			}
			bare[key] = value
		case "properties":
			fields := map[string]any{}
			for name, field := range value.(map[string]any) {
				if words, _ := field.(map[string]any)["description"].(string); words == "" {
					t.Errorf("%s.%s has no description", at, name)
				}
				fields[name] = bareSchema(t, at+"."+name, field)
			}
			bare[key] = fields
		default:
			bare[key] = bareSchema(t, at, value)
		}
	}
	return bare
}

// normal is a value as it is read from JSON.
func normal(t *testing.T, v any) any {
	t.Helper()
	var n any
	if err := json.Unmarshal([]byte(asText(t, v)), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func asText(t *testing.T, v any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
