package lab

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redx-update/redx/internal/write/etl"
)

// traceFile writes a trace from lines of "TIME PID TID COMPONENT TEXT", the time in RFC 3339.
func traceFile(_ string, data []byte) ([]byte, error) {
	var events []etl.Event
	n := 0
	for line := range strings.Lines(string(data)) {
		n++
		if strings.TrimSpace(line) == "" {
			continue
		}
		e, err := traceEvent(strings.TrimRight(line, "\r\n"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("no events")
	}
	return etl.Encode(etl.Trace{
		Start: events[0].Time.Add(-time.Second), LogFile: `C:\Windows\Logs\WindowsUpdate\WindowsUpdate.etl`,
	}, events)
}

func traceEvent(line string) (etl.Event, error) {
	parts := strings.SplitN(line, " ", 5)
	if len(parts) != 5 {
		return etl.Event{}, fmt.Errorf("%q is not TIME PID TID COMPONENT TEXT", line)
	}
	at, err := time.Parse(time.RFC3339, parts[0])
	if err != nil {
		return etl.Event{}, err
	}
	pid, err := strconv.ParseUint(parts[1], 10, 32)
	if err != nil {
		return etl.Event{}, err
	}
	tid, err := strconv.ParseUint(parts[2], 10, 32)
	if err != nil {
		return etl.Event{}, err
	}
	return etl.Event{Time: at.UTC(), PID: uint32(pid), TID: uint32(tid), Component: parts[3], Text: strings.TrimSpace(parts[4])}, nil
}
