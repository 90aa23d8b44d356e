package sim

import (
	"io/fs"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/redx-update/redx/internal/repair/journal"
)

// Journals is the folder of journals, as journal.FS. Writes are safe with the file's Sync, names with the folder's.
type Journals struct {
	world *World
	files map[string]*journalFile
}

type journalFile struct {
	world *World
	named bool // the name is safe
	data  []byte
	safe  []byte
}

// Create is for journal.FS.
func (j *Journals) Create(name string) (journal.File, error) {
	if err := j.world.tick(); err != nil {
		return nil, err
	}
	if j.files[name] != nil {
		return nil, fs.ErrExist
	}
	j.files[name] = &journalFile{world: j.world}
	return j.files[name], nil
}

// Open is for journal.FS.
func (j *Journals) Open(name string) (journal.File, error) {
	if err := j.world.tick(); err != nil {
		return nil, err
	}
	if j.files[name] == nil {
		return nil, fs.ErrNotExist
	}
	return j.files[name], nil
}

// Read is for journal.FS.
func (j *Journals) Read(name string, limit int64) ([]byte, error) {
	if err := j.world.tick(); err != nil {
		return nil, err
	}
	if j.files[name] == nil {
		return nil, fs.ErrNotExist
	}
	data := j.files[name].data
	return slices.Clone(data[:min(int64(len(data)), limit)]), nil
}

// Names is for journal.FS.
func (j *Journals) Names() ([]string, error) {
	return slices.Sorted(maps.Keys(j.files)), j.world.tick()
}

// Sync is for journal.FS.
func (j *Journals) Sync() error {
	if err := j.world.tick(); err != nil {
		return err
	}
	for _, f := range j.files {
		f.named = true
	}
	return nil
}

func (f *journalFile) Write(p []byte) (int, error) {
	if err := f.world.tick(); err != nil {
		return 0, err
	}
	f.data = append(f.data, p...)
	return len(p), nil
}

func (f *journalFile) Truncate(size int64) error {
	if err := f.world.tick(); err != nil {
		return err
	}
	f.data = slices.Clone(f.data[:size])
	return nil
}

func (f *journalFile) Sync() error {
	if err := f.world.tick(); err != nil {
		return err
	}
	f.safe = slices.Clone(f.data)
	return nil
}

func (f *journalFile) Close() error { return nil }

func (j *Journals) cut(loss Loss, rng *rand.Rand) {
	for name, f := range j.files {
		if !f.named && (loss == LoseAll || loss == LoseSome && rng.IntN(2) == 0) {
			delete(j.files, name)
			continue
		}
		f.named = true
		switch loss {
		case LoseAll:
			f.data = slices.Clone(f.safe)
		case LoseSome:
			f.data = tear(f.safe, f.data, rng)
		}
		f.safe = slices.Clone(f.data)
	}
}

// tear keeps of what was written since the last sync a part, in blocks of which each reached the disk or did not. What
// did not is zeros. A file that was cut short is so or not.
func tear(safe, data []byte, rng *rand.Rand) []byte {
	if len(data) <= len(safe) {
		if rng.IntN(2) == 0 {
			return slices.Clone(safe)
		}
		return slices.Clone(data)
	}
	out := slices.Clone(data[:len(safe)+rng.IntN(len(data)-len(safe)+1)])
	const block = 32
	for at := len(safe); at < len(out); at += block {
		if rng.IntN(3) == 0 {
			clear(out[at:min(at+block, len(out))])
		}
	}
	return out
}
