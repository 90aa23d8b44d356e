package journal

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/redx-update/redx/internal/repair"
)

// Self is what a journal must be of to be acted on.
type Self struct {
	Machine string        // MachineGuid of the installation; without one no journal is accepted
	Roots   []repair.Root // the roots that redx knows there
}

func (s Self) knows(r repair.Root) bool { return slices.Contains(s.Roots, r) }

// Read reads a journal. Errors: ErrEmpty, ErrForeign, ErrAltered, ErrVersion, and those of the file system.
func Read(fsys FS, name string, self Self) (*Journal, error) {
	data, err := fsys.Read(name, maxSize+1)
	if err != nil {
		return nil, err
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", name, maxSize, ErrAltered)
	}
	j := &Journal{Name: name}
	if err := j.parse(data, self); err != nil {
		return nil, fmt.Errorf("journal %s: %w", name, err)
	}
	return j, nil
}

func (j *Journal) parse(data []byte, self Self) error {
	var p Progress
	for seq := 0; len(data) > 0; seq++ {
		text, rest, ended := bytes.Cut(data, []byte("\n"))
		payload, s, ok := decodeLine(text, j.last, seq)
		if !ok || !ended {
			return j.tail(data, seq)
		}
		if err := j.take(&p, payload, seq, self); err != nil {
			return err
		}
		j.size += int64(len(text)) + 1
		j.last = s
		data = rest
	}
	if j.size == 0 {
		return ErrEmpty
	}
	return nil
}

// tail judges what is no whole line. At the end it is what a crash has left of the last line: cut short, or with
// parts that never reached the disk. With more behind it, it is damage.
func (j *Journal) tail(rest []byte, seq int) error {
	text := bytes.TrimRight(rest, "\x00\n")
	if len(rest) > maxLine || bytes.IndexByte(text, '\n') >= 0 {
		return fmt.Errorf("line %d: %w", seq+1, ErrAltered)
	}
	if seq == 0 {
		return ErrEmpty
	}
	j.Torn = true
	return nil
}

func (j *Journal) take(p *Progress, payload []byte, seq int, self Self) error {
	if seq == 0 {
		var w wireHeader
		if err := strict(payload, &w); err != nil {
			return fmt.Errorf("line 1: %w: %w", ErrVersion, err)
		}
		var err error
		j.Header, err = w.decode(self)
		*p = j.start()
		return err
	}
	var e Entry
	if err := strict(payload, &e); err != nil {
		return fmt.Errorf("line %d: %w: %w", seq+1, ErrAltered, err)
	}
	j.Entries = append(j.Entries, e)
	if err := p.next(&j.Header, e); err != nil {
		return fmt.Errorf("line %d: %w", seq+1, err)
	}
	return nil
}
