package suite_test

import (
	"os/exec"
	"strings"
	"testing"
)

func TestBindingsOfAnotherLibraryAreRefusedAtLoad(t *testing.T) {
	const remedy = "build the library and generate the bindings of primitives from the same sources"
	for program, want := range map[string]string{
		"./contract": "primitives: the library speaks version 30 of UniFFI's contract, the bindings speak 29: " + remedy,
		"./checksum": "primitives: add in the library differs from the bindings: " + remedy,
		"./symbol":   "uniffi_topic_primitives_checksum_func_gone",
	} {
		output, err := exec.Command("go", "run", program).CombinedOutput()
		if err == nil || !strings.Contains(string(output), want) {
			t.Errorf("%s: %v: %s", program, err, output)
		}
	}
}

func TestTheBindingsOfThisLibraryLoad(t *testing.T) {
	if output, err := exec.Command("go", "run", "./current").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
}
