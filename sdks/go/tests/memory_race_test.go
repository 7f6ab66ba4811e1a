//go:build race

package tests

import "testing"

// residentKiB is Go's own memory only: the detector of races keeps more of its own than all that
// it watches. The whole process is measured without it.
func residentKiB(*testing.T) int {
	return heapKiB()
}
