package commy_test

import (
	"bytes"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain gives the examples a run-time directory of their own, so that nobody else meets them.
func TestMain(m *testing.M) {
	os.Exit(inDirectory(m.Run))
}

func inDirectory(run func() int) int {
	directory, err := os.MkdirTemp("", "commy-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(directory)
	if err := os.Setenv("XDG_RUNTIME_DIR", directory); err != nil {
		panic(err)
	}
	return run()
}

// sources are the files that are written by hand, or all that match.
func sources(t *testing.T, matches func(path string) bool) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".go") && matches(path) {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil || len(paths) == 0 {
		t.Fatalf("found %d files: %v", len(paths), err)
	}
	return paths
}

func TestSourcesAreFormatted(t *testing.T) {
	for _, path := range sources(t, func(string) bool { return true }) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		formatted, err := format.Source(text)
		if err != nil || !bytes.Equal(text, formatted) {
			t.Errorf("gofmt would change %s: %v", path, err)
		}
	}
}

func TestEverythingPublicIsDocumented(t *testing.T) {
	isFacade := func(path string) bool {
		return !strings.Contains(path, string(filepath.Separator)) && !strings.HasSuffix(path, "_test.go")
	}
	for _, path := range sources(t, isFacade) {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			for _, name := range undocumented(declaration) {
				t.Errorf("%s: %s is not documented", path, name)
			}
		}
	}
}

// undocumented gives the exported names of a declaration that have no comment.
func undocumented(declaration ast.Decl) (names []string) {
	note := func(name *ast.Ident, doc *ast.CommentGroup) {
		if name.IsExported() && doc == nil {
			names = append(names, name.Name)
		}
	}
	switch declaration := declaration.(type) {
	case *ast.FuncDecl:
		if isExported(declaration.Recv) {
			note(declaration.Name, declaration.Doc)
		}
	case *ast.GenDecl:
		for _, spec := range declaration.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				note(spec.Name, declaration.Doc)
				fields, ok := spec.Type.(*ast.StructType)
				if !ok || !spec.Name.IsExported() {
					continue
				}
				for _, field := range fields.Fields.List {
					for _, name := range field.Names {
						note(name, field.Doc)
					}
				}
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					note(name, spec.Doc)
				}
			}
		}
	}
	return names
}

// isExported says whether users see the type of a receiver, if there is one.
func isExported(receiver *ast.FieldList) bool {
	if receiver == nil {
		return true
	}
	kind := receiver.List[0].Type
	if pointer, ok := kind.(*ast.StarExpr); ok {
		kind = pointer.X
	}
	name, ok := kind.(*ast.Ident)
	return !ok || name.IsExported()
}
