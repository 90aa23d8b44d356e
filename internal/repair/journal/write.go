package journal

import (
	"errors"
	"fmt"
	"slices"
)

// Writer appends to a journal. When Append returns without an error, the line is safe on the disk.
type Writer struct {
	*Journal
	file   File
	broken error // after a failure nobody knows what stands in the file, and nothing more is written
}

// Create begins a journal: when it returns without an error, header and name are safe on the disk.
func Create(fsys FS, name string, h Header) (*Writer, error) {
	for _, a := range h.Acts {
		if err := a.Check(h.Root); err != nil {
			return nil, err
		}
	}
	wire, err := h.wire()
	if err != nil {
		return nil, err
	}
	f, err := fsys.Create(name)
	if err != nil {
		return nil, fmt.Errorf("begin the journal: %w", err)
	}
	w := &Writer{Journal: &Journal{Name: name, Header: h}, file: f}
	if err := w.put(0, wire); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if err := fsys.Sync(); err != nil {
		return nil, errors.Join(fmt.Errorf("begin the journal: %w", err), f.Close())
	}
	return w, nil
}

// Continue goes on with a journal that was read, behind its last whole line.
func Continue(fsys FS, j *Journal) (*Writer, error) {
	f, err := fsys.Open(j.Name)
	if err != nil {
		return nil, fmt.Errorf("continue the journal: %w", err)
	}
	if j.Torn {
		err := f.Truncate(j.size)
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("cut the torn line off the journal: %w", err), f.Close())
		}
		j.Torn = false
	}
	return &Writer{Journal: j, file: f}, nil
}

// Append writes an entry and syncs it. An entry that does not follow from those before it is refused.
func (w *Writer) Append(e Entry) error {
	entries := slices.Concat(w.Entries, []Entry{e})
	if _, err := w.Header.Progress(entries); err != nil {
		return err
	}
	if err := w.put(len(entries), e); err != nil {
		return err
	}
	w.Entries = entries
	return nil
}

func (w *Writer) put(seq int, data any) error {
	if w.broken != nil {
		return w.broken
	}
	text, s, err := encodeLine(w.last, seq, data)
	if err == nil {
		_, err = w.file.Write(text)
	}
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		w.broken = fmt.Errorf("write the journal: %w", err)
		return w.broken
	}
	w.last = s
	w.size += int64(len(text))
	return nil
}

// Close closes the file; the journal stays.
func (w *Writer) Close() error { return w.file.Close() }
