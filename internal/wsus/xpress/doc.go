// Package xpress is the compression that Windows' update agent asks a server for with "Accept-Encoding: xpress": the plain
// LZ77 variant of MS-XCA 2.3 and 2.4, in the blocks of MS-WUSP 2.1.1. It knows nothing of HTTP, and has neither the Huffman
// variant nor LZNT1.
//
// Its invariant: Decode(Encode(b)) is b, Encode never makes a block longer than its header and its bytes, and no input makes
// Decode read or write beyond the bounds that it was given.
package xpress

import (
	"errors"
	"fmt"
)

const (
	// BlockSize is how many bytes Encode puts in a block: what Windows Server's own encoder was seen to do. The
	// specification allows up to MaxBlock.
	BlockSize = 16352
	// MaxBlock bounds both sizes in a block's header (MS-WUSP 2.1.1).
	MaxBlock = 65535

	headerSize = 8
	minMatch   = 3
	maxOffset  = 8192
)

// ErrTooLarge says that the output would exceed the limit given.
var ErrTooLarge = errors.New("xpress: more output than allowed")

// A FormatError says where compressed data stops to make sense.
type FormatError struct {
	Offset int // in the input
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("xpress: %s at offset %d", e.Reason, e.Offset)
}
