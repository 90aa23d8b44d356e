package win

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/windows"
)

// maxAnswer bounds what Windows is given room for; the service manager itself allows 8 KB in most of its answers.
const maxAnswer = 1 << 20

// grow calls with room for the answer, and with more until it is enough. The room is aligned for any structure.
func grow(call func(b []byte, need *uint32) error) ([]byte, error) {
	for room := uint32(512); ; {
		words := make([]uint64, room/8)
		b := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), room)
		var need uint32
		err := call(b, &need)
		if !errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) && !errors.Is(err, windows.ERROR_MORE_DATA) || room >= maxAnswer {
			return b, err
		}
		room = min(max(2*room, (need+7)/8*8), maxAnswer)
	}
}

func size(b []byte) uint32 { return uint32(len(b)) }

// at takes the begin of an answer of grow for a structure, all of which are smaller than the smallest room.
func at[T any](b []byte) *T { return (*T)(unsafe.Pointer(&b[0])) }
