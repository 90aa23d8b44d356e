package content

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"time"
)

// Condition is how a file was found.
type Condition uint8

// The conditions of a file.
const (
	Unknown Condition = iota
	Missing
	Damaged
	Sound
)

// Found is the outcome of looking at a file.
type Found struct {
	Want      Want
	Condition Condition
	Problem   string
	Stamp     Stamp
	Checked   time.Time
}

// Keeper knows which files there should be, and how each was found. It is safe for concurrent use.
type Keeper struct {
	store Store
	now   func() time.Time
	tell  func(context.Context, Found) error

	mu    sync.RWMutex
	files map[[20]byte]Found
	// suspects wait for a look because somebody asked for them and their stamp had changed.
	suspects chan [20]byte
}

// maxSuspects bounds what waits; the others are found in the next round.
const maxSuspects = 1024

// NewKeeper makes a Keeper without files. Tell is called with every outcome that differs from the last one in more than
// its time, and with each that a full verification finds.
func NewKeeper(s Store, now func() time.Time, tell func(context.Context, Found) error) *Keeper {
	return &Keeper{store: s, now: now, tell: tell, files: map[[20]byte]Found{}, suspects: make(chan [20]byte, maxSuspects)}
}

// Track says which files there should be, with what was last found of them. Of those tracked already, what was found
// later stands, since commands look at files too; the rest is forgotten.
func (k *Keeper) Track(all []Found) {
	files := make(map[[20]byte]Found, len(all))
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, f := range all {
		if have, ok := k.files[f.Want.SHA1]; ok && have.Condition != Unknown && have.Want == f.Want && !have.Checked.Before(f.Checked) {
			f = have
		}
		files[f.Want.SHA1] = f
	}
	k.files = files
}

// Get tells what is known of a file.
func (k *Keeper) Get(sha1 [20]byte) (Found, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	f, ok := k.files[sha1]
	return f, ok
}

// Put takes a file into the store, and knows it as sound from then on.
func (k *Keeper) Put(ctx context.Context, w Want, r io.Reader) error {
	if err := k.store.Put(ctx, w, r); err != nil {
		return err
	}
	k.mu.Lock()
	k.files[w.SHA1] = Found{Want: w}
	k.mu.Unlock()
	// Read back what the disk has now: what was verified on its way in may still have been written badly.
	_, err := k.look(ctx, w.SHA1, true)
	return err
}

// Check looks at every file: at all of its bytes when full, or else only if its stamp is not the one that was verified.
// It gives what is not sound. Files that cannot be read now are left as they were and make the error.
func (k *Keeper) Check(ctx context.Context, full bool) ([]Found, error) {
	k.mu.RLock()
	sums := slices.Collect(maps.Keys(k.files))
	k.mu.RUnlock()
	slices.SortFunc(sums, func(a, b [20]byte) int { return slices.Compare(a[:], b[:]) })
	var bad []Found
	var errs []error
	for _, sum := range sums {
		f, err := k.look(ctx, sum, full)
		if ctx.Err() != nil {
			return bad, ctx.Err()
		}
		if err != nil {
			errs = append(errs, err)
		}
		if f.Condition != Sound {
			bad = append(bad, f)
		}
	}
	return bad, errors.Join(errs...)
}

// Watch looks at suspects as they come, until the context ends.
func (k *Keeper) Watch(ctx context.Context, failed func(error)) {
	for {
		select {
		case <-ctx.Done():
			return
		case sum := <-k.suspects:
			if _, err := k.look(ctx, sum, false); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

func (k *Keeper) suspect(sum [20]byte) {
	select {
	case k.suspects <- sum:
	default:
	}
}

// look finds out how a file is and tells it.
func (k *Keeper) look(ctx context.Context, sum [20]byte, full bool) (Found, error) {
	before, ok := k.Get(sum)
	if !ok {
		return before, nil
	}
	f, err := k.find(ctx, before, full)
	if err != nil {
		return before, err
	}
	k.mu.Lock()
	if _, ok := k.files[sum]; ok {
		k.files[sum] = f
	}
	k.mu.Unlock()
	if f.Condition == before.Condition && f.Problem == before.Problem && f.Stamp == before.Stamp && !full {
		return f, nil
	}
	return f, k.tell(ctx, f)
}

func (k *Keeper) find(ctx context.Context, f Found, full bool) (Found, error) {
	o, err := k.store.Open(f.Want)
	if errors.Is(err, fs.ErrNotExist) {
		return Found{Want: f.Want, Condition: Missing, Problem: "is not there", Checked: k.now()}, nil
	}
	if err != nil {
		return f, err
	}
	defer o.Close()
	if !full && f.Condition != Unknown && f.Stamp == o.Stamp() {
		return f, nil
	}
	stamp := o.Stamp()
	f.Checked = k.now()
	err = Verify(ctx, f.Want, o.Reader())
	var damage *Damage
	switch {
	case err == nil:
		f.Condition, f.Problem, f.Stamp = Sound, "", stamp
	case errors.As(err, &damage):
		f.Condition, f.Problem, f.Stamp = Damaged, damage.Problem, stamp
	default:
		return f, err
	}
	return f, nil
}

// Unsound counts the files that are not known as sound.
func (k *Keeper) Unsound() int {
	k.mu.RLock()
	defer k.mu.RUnlock()
	n := 0
	for _, f := range k.files {
		if f.Condition != Sound {
			n++
		}
	}
	return n
}
