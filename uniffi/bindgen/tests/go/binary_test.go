package suite_test

import (
	"bytes"
	"testing"
	"unsafe"

	"suite/binary"
)

func TestBytesCross(t *testing.T) {
	every := make([]byte, 256)
	for index := range every {
		every[index] = byte(index)
	}
	deeply(t, binary.Echo, []byte{}, every, bytes.Repeat(every, 40_000))
	deeply(t, binary.EchoOptional, nil, []byte{}, every)
	deeply(t, func(halves [][]byte) [][]byte { return binary.Split(every, 100) }, [][]byte{every[:100], every[100:]})
}

func TestTheResultIsTheCallersOwn(t *testing.T) {
	given := []byte{1, 2, 3}
	got := binary.Echo(given)
	got[0] = 9
	if given[0] != 1 {
		t.Error("the result shares the argument's memory")
	}
}

func TestBorrowedBytesAreNotCopied(t *testing.T) {
	data := bytes.Repeat([]byte{1}, 1<<20)
	if got := binary.Address(data); got != uint64(uintptr(unsafe.Pointer(&data[0]))) {
		t.Errorf("Rust sees the bytes at %x, and they are at %p", got, &data[0])
	}
	if got := binary.Checksum(data); got != 1<<20 {
		t.Errorf("got %d", got)
	}
	if got := binary.Doubled([]byte{1, 2}); !bytes.Equal(got, []byte{1, 2, 1, 2}) {
		t.Errorf("got %v", got)
	}
	if !binary.StartsWith(data, data[:9]) || binary.StartsWith(data, []byte{2}) {
		t.Error("two borrows in one call are mixed up")
	}
	if binary.Checksum(nil) != 0 || !binary.StartsWith(nil, nil) {
		t.Error("no bytes are some")
	}
}

func TestMethodsBorrowToo(t *testing.T) {
	hasher := binary.NewHasher()
	hasher.Update([]byte{1, 2})
	hasher.Update([]byte{3})
	if got := hasher.Finish(); got != 6 {
		t.Errorf("got %d", got)
	}
	packet := hasher.Packet("p")
	if packet.Name != "p" || !bytes.Equal(packet.Payload, []byte{1, 2, 3}) {
		t.Errorf("got %+v", packet)
	}
}
