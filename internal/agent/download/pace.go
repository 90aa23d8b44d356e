package download

import (
	"errors"
	"fmt"
	"time"
)

const (
	// least is how many bytes a second a source has to give over a while: less than any line that Windows is updated by.
	least = 1 << 10
	// slow is that while.
	slow = 2 * time.Minute
)

var errSlow = errors.New("it gives too little")

// pace finds out whether a source gives so little that a transfer would never end, though it is never silent. It counts the
// time in which the source is waited for, not that of the disk or of our own limit, and begins anew after each while.
type pace struct {
	while  time.Duration
	most   time.Duration // of one wait: a longer one is a computer that slept
	waited time.Duration
	came   int64
}

// wait adds what came after a wait. Its error says that it was too little for a whole while.
func (p *pace) wait(d time.Duration, bytes int) error {
	p.waited += min(max(d, 0), p.most)
	p.came += int64(bytes)
	if p.waited < p.while {
		return nil
	}
	came, waited := p.came, p.waited
	p.waited, p.came = 0, 0
	if came < int64(waited/time.Millisecond)*least/1000 {
		return fmt.Errorf("%w: %d bytes in %s, and %d a second are the least", errSlow, came, waited.Round(time.Second), least)
	}
	return nil
}

// late counts a wait that has just ended, and says when the source gives too little.
func (t *transfer) late(url string, bytes int) error {
	now := t.now()
	err := t.pace.wait(now.Sub(t.since), bytes)
	if t.since = now; err != nil {
		return &Error{Source: url, Code: NotAvailable, Err: err}
	}
	return nil
}

func (t *transfer) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}
