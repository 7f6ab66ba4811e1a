package suite_test

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"suite/docs"
)

type collector struct{ entries []docs.Entry }

func (c *collector) Read(entry docs.Entry) { c.entries = append(c.entries, entry) }

func TestWhatIsDocumentedWorks(t *testing.T) {
	if got := docs.Shout("a", nil); got != "A" {
		t.Errorf("got %q", got)
	}
	library := docs.NewLibraryWithEntry(docs.Entry{Key: "k", Value: 1})
	if entry, err := library.Find("k"); err != nil || entry.Value != 1 {
		t.Errorf("got %v, %v", entry, err)
	}
	if _, err := library.Find("x"); !errors.Is(err, &docs.DocErrorMissing{}) {
		t.Errorf("got %v", err)
	}
	if got := library.Level(docs.ChoiceOne{Value: 3}); got != docs.LevelLow {
		t.Errorf("got %v", got)
	}
	reader := new(collector)
	docs.Show(reader, docs.Entry{Key: "z"})
	if len(reader.entries) != 1 || reader.entries[0].Key != "z" {
		t.Errorf("got %v", reader.entries)
	}
}

func TestGoDocTellsTheDocstrings(t *testing.T) {
	output, err := exec.Command("go", "doc", "-all", "suite/docs").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	// Go breaks the lines anew.
	text := strings.Join(strings.Fields(string(output)), " ")
	for _, docstring := range []string{
		"Docstrings on every construct.",
		"a line that ends a comment: */",
		"What a function does.",
		"A record's docstring.",
		"A field's docstring.",
		`Another, with "quotes" and a \ backslash.`,
		"A flat enum's docstring.",
		"A flat variant's docstring.",
		"A rich enum's docstring.",
		"A rich variant's docstring.",
		"An error's docstring.",
		"An error variant's docstring.",
		"An object's docstring.",
		"A constructor's docstring.",
		"A named constructor's docstring.",
		"A method's docstring.",
		"A callback interface's docstring.",
		"A callback method's docstring.",
	} {
		if !strings.Contains(text, docstring) {
			t.Errorf("go doc does not tell %q", docstring)
		}
	}
}
