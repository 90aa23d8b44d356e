package etl

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"time"

	"github.com/redx-update/redx/internal/format"
	"github.com/redx-update/redx/internal/winbin"
)

const (
	bufferHead = 72 // WMI_BUFFER_HEADER
	systemHead = 32 // SYSTEM_TRACE_HEADER

	minBuffer = 512
	maxBuffer = 16 << 20 // ETW's own limit

	compressedMode   = 0x04000000 // EVENT_TRACE_COMPRESSED_MODE, of LogFileMode
	compressedBuffer = 0x40       // ETW_BUFFER_FLAG_COMPRESSED
)

var errNoTrace = fmt.Errorf("no trace header: %w", format.ErrNotThis)

// readHead reads the first buffer's first record, TRACE_LOGFILE_HEADER, which stands for a signature.
func readHead(r io.ReaderAt, size int64) (Info, error) {
	b := make([]byte, min(size, 64<<10))
	n, err := r.ReadAt(b, 0)
	if n < len(b) && err != io.EOF {
		return Info{}, &format.Error{What: "trace header", Err: format.Cut(err)}
	}
	b = b[:n]
	const least = bufferHead + systemHead + 280
	if len(b) < least {
		return Info{}, errNoTrace
	}
	bufferSize := binary.LittleEndian.Uint32(b)
	rec := b[bufferHead:]
	kind, marker, length := rec[2], rec[3], int(binary.LittleEndian.Uint16(rec[4:]))
	head := rec[systemHead:]
	if (kind != kindSystem32 && kind != kindSystem64) || marker&0xc0 != 0xc0 || binary.LittleEndian.Uint16(rec[6:]) != 0 ||
		binary.LittleEndian.Uint32(head) != bufferSize {
		return Info{}, errNoTrace
	}
	if bufferSize < minBuffer || bufferSize > maxBuffer || bufferSize%8 != 0 {
		return Info{}, format.At(0, "buffers of %d bytes", bufferSize)
	}
	end := min(max(length, least-bufferHead), len(rec))
	info := parseHead(rec[systemHead:end])
	info.BufferSize = int(bufferSize)
	info.clock.first = binary.LittleEndian.Uint64(rec[16:])
	return info, nil
}

// parseHead reads TRACE_LOGFILE_HEADER, whose pointers have the size of the writing machine's, and the two names
// behind it.
func parseHead(h []byte) Info {
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(h[at:])) }
	times := func(at int) uint64 { return binary.LittleEndian.Uint64(h[at:]) }
	boot := 248
	if u32(44) == 4 {
		boot = 240
	}
	info := Info{
		Processors: u32(12), Buffers: u32(36), Lost: u32(48), Compressed: u32(32)&compressedMode != 0,
		End: winbin.Filetime(times(16)), Boot: winbin.Filetime(times(boot)), Start: winbin.Filetime(times(boot + 16)),
		clock: clock{kind: u32(boot + 24), freq: times(boot + 8), start: times(boot + 16), mhz: uint64(u32(52))},
	}
	names := h[boot+32:]
	info.Session = winbin.UTF16Z(names)
	if skip := 2*len16(names) + 2; skip < len(names) {
		info.LogFile = winbin.UTF16Z(names[skip:])
	}
	return info
}

// len16 counts the UTF-16 units in front of the NUL.
func len16(b []byte) int {
	n := 0
	for 2*n+1 < len(b) && (b[2*n] != 0 || b[2*n+1] != 0) {
		n++
	}
	return n
}

// The clocks a session may use for its time stamps (EVENT_TRACE_LOGFILE ReservedFlags).
const (
	clockQPC    = 1
	clockSystem = 2
	clockCycles = 3
)

// clock turns time stamps into UTC.
type clock struct {
	kind  int
	freq  uint64 // ticks of QPC in a second
	mhz   uint64 // ticks of the processor in a microsecond
	start uint64 // FILETIME of the session's start
	first uint64 // time stamp at that moment
}

func (c clock) at(stamp uint64) time.Time {
	if c.kind == clockSystem {
		return winbin.Filetime(stamp)
	}
	num, den := uint64(1e7), c.freq
	if c.kind == clockCycles {
		num, den = 10, c.mhz
	}
	if den == 0 {
		return time.Time{}
	}
	back := stamp < c.first // an event may be stamped before the header is
	ticks := stamp - c.first
	if back {
		ticks = c.first - stamp
	}
	high, low := bits.Mul64(ticks, num)
	if high >= den {
		return time.Time{}
	}
	delta, _ := bits.Div64(high, low, den)
	if back {
		return winbin.Filetime(c.start - min(delta, c.start))
	}
	if c.start+delta < c.start {
		return time.Time{}
	}
	return winbin.Filetime(c.start + delta)
}
