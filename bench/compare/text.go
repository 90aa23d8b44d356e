package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/bench"
)

// compareText compares the peak memory of every text reader on a short and on a long log. The logs are made while they
// are read, so that nothing but the reader is measured.
func compareText(o options, _ string) ([]row, error) {
	const short = 64
	const slack = 8 << 20 // a pair of collections of garbage that come late on a busy machine; the longest log is 1 GB
	var worst float64
	var name string
	var least, most int64
	for _, reader := range slices.Sorted(maps.Keys(bench.TextReaders())) {
		a, _, err := self("redx text "+reader, strconv.Itoa(min(short, o.mb/4)), 0).run(true)
		if err != nil {
			return nil, err
		}
		b, _, err := self("redx text "+reader, strconv.Itoa(o.mb), 0).run(true)
		if err != nil {
			return nil, err
		}
		if a.Peak == 0 {
			return nil, skip("this system does not tell a process's peak memory")
		}
		if grown := float64(b.Peak) / float64(a.Peak); grown > worst {
			worst, name, least, most = grown, reader, a.Peak, b.Peak
		}
	}
	return []row{{
		ratio: fmt.Sprintf("%.2fx the memory", worst), goal: goal{text: "constant", met: most-least <= slack},
		what: fmt.Sprintf("text logs, %d readers, %d MiB beside %d, peak of the worst (%s)", len(bench.TextReaders()), o.mb, min(short, o.mb/4), name),
		redx: megabytes(most), peer: megabytes(least), limit: "one buffer of 256 KB and the longest line",
	}}, nil
}

// longText has a reader read a log of its kind that is so many MiB long.
func longText(read func(io.Reader) (int, error), kind, mb string) (f figures, err error) {
	n, err := strconv.Atoi(mb)
	if err != nil {
		return f, err
	}
	lines, ok := bench.TextLines()[kind]
	if !ok {
		return f, fmt.Errorf("no lines for %s", kind)
	}
	block := strings.Repeat(lines, 1+64<<10/len(lines))
	f.Count, err = read(io.LimitReader(&endless{text: block}, int64(n)<<20))
	return f, err
}

// endless gives the same text again and again.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, e.text[e.at:])
	e.at = (e.at + n) % len(e.text)
	return n, nil
}
