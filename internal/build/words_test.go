package build_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// words that are not used in what users read, and what stands for each. The list has
// only those that are wrong wherever they are.
var words = map[string]*regexp.Regexp{
	"fix":                     regexp.MustCompile(`(?i)\bmend(s|ed|ing)?\b`),
	"they":                    regexp.MustCompile(`(?i)\b(he|his|him|himself)\b`),
	"ignored":                 regexp.MustCompile(`(?i)\bputs? aside\b`),
	"created by another user": regexp.MustCompile(`(?i)\bsquatt(er|ing)\b`),
}

// TestWords: documents, examples and messages keep to the words of the house.
func TestWords(t *testing.T) {
	if n := len(wrongWords("he\nmends\nput aside\nthe amended theme\nsquatting")); n != 4 {
		t.Fatalf("%d of 4 words are found", n)
	}
	read := 0
	for _, file := range documents(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read++
		for line, why := range wrongWords(string(text)) {
			t.Errorf("%s:%d: %s", file, line, why)
		}
	}
	if read < 20 {
		t.Errorf("only %d documents were read", read)
	}
	messages := 0
	for _, file := range sources(t) {
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING {
				messages++
				for _, why := range wrongWords(text.Value) {
					t.Errorf("%s: %s", set.Position(text.Pos()), why)
				}
			}
			return true
		})
	}
	if messages < 1000 {
		t.Errorf("only %d strings were read", messages)
	}
}

// wrongWords has the lines of a text that have one, from 1, and which.
func wrongWords(text string) map[int]string {
	found := map[int]string{}
	for i, line := range strings.Split(text, "\n") {
		for better, wrong := range words {
			if word := wrong.FindString(line); word != "" {
				found[i+1] = "\"" + word + "\": say " + better
			}
		}
	}
	return found
}

func documents(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../man/*"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		list = append(list, files...)
	}
	return append(list, walk(t, "../../etc", func(string) bool { return true })...)
}

// sources are what the programs consist of.
func sources(t *testing.T) []string {
	t.Helper()
	return walk(t, "..", func(path string) bool {
		return strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go")
	})
}

func walk(t *testing.T, dir string, wanted func(path string) bool) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && wanted(path) {
			list = append(list, path)
		}
		return err
	})
	if err != nil || len(list) == 0 {
		t.Fatalf("nothing in %s: %v", dir, err)
	}
	return list
}
