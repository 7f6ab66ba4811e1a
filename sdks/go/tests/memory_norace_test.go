//go:build !race

package tests

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// residentKiB is the memory that this process has in RAM, by Linux' own account; elsewhere
// what Go's heap holds.
func residentKiB(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return heapKiB()
	}
	status := must(os.ReadFile("/proc/self/status"))(t)
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == "VmRSS:" {
			return must(strconv.Atoi(fields[1]))(t)
		}
	}
	t.Fatal("the system does not say how much memory the process has")
	return 0
}
