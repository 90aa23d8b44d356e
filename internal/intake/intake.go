// Package intake takes updates into the server: whole update documents with their files, exports of Windows' own
// server, and the catalogue for scans without a server. It reads them; what there should be of them afterwards is the
// store's and the content's business. Its invariant: what is in the store after an error is whole updates, and running
// the same intake again completes it.
package intake

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"

	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/store"
	"github.com/redx-update/redx/internal/wsus/fragment"
)

// Intake takes in.
type Intake struct {
	Store store.Store
	// Put takes a file in and verifies it.
	Put func(ctx context.Context, w content.Want, r io.Reader) error
	Log *slog.Logger

	result  Result
	pending []store.Update
}

// Result says what came in.
type Result struct {
	New   int `json:"new"`
	Known int `json:"known"`
	Files int `json:"files"`
	// Refused are documents and files that could not be taken, each with its reason.
	Refused []string `json:"refused,omitempty"`
	// Missing are the files of updates that are not there yet.
	Missing []Wanted `json:"missing,omitempty"`
}

// Wanted is a file that the server asks for.
type Wanted struct {
	Name    string `json:"name"`
	Size    int64  `json:"size"`
	SHA1    string `json:"sha1"`
	Problem string `json:"problem"`
}

// batch is how many updates are committed together.
const batch = 200

// Paths takes in files and folders: first all that describes updates, then the files that these have.
func (in *Intake) Paths(ctx context.Context, paths []string) (Result, error) {
	var payload []string
	for _, p := range paths {
		more, err := in.walk(ctx, p)
		if err != nil {
			return in.result, err
		}
		payload = append(payload, more...)
	}
	return in.finish(ctx, payload)
}

// Take takes in whole documents that are at hand, and the files that they have.
func (in *Intake) Take(ctx context.Context, documents [][]byte, payload []string) (Result, error) {
	for n, d := range documents {
		if err := in.whole(ctx, fmt.Sprintf("document %d", n+1), d); err != nil {
			return in.result, err
		}
	}
	return in.finish(ctx, payload)
}

func (in *Intake) finish(ctx context.Context, payload []string) (Result, error) {
	if err := in.flush(ctx); err != nil {
		return in.result, err
	}
	if err := in.files(ctx, payload); err != nil {
		return in.result, err
	}
	missing, err := Missing(ctx, in.Store)
	in.result.Missing = missing
	return in.result, err
}

func (in *Intake) refuse(what string, err error) {
	in.Log.Warn("not taken", slog.String("what", what), slog.Any("error", err))
	in.result.Refused = append(in.result.Refused, fmt.Sprintf("%s: %v", what, err))
}

// whole adds a whole document.
func (in *Intake) whole(ctx context.Context, what string, document []byte) error {
	u, err := FromDocument(document)
	if err != nil {
		in.refuse(what, err)
		return nil
	}
	return in.add(ctx, u)
}

// FromDocument makes an update of a whole document.
func FromDocument(document []byte) (store.Update, error) {
	cut, err := fragment.Cut(document)
	if err != nil {
		return store.Update{}, err
	}
	u := store.Update{Document: document, Core: cut.Core, Fragments: store.Fragments{Extended: cut.Extended}}
	for _, l := range cut.Localized {
		u.Fragments.Localized = append(u.Fragments.Localized, store.Localized(l))
	}
	for _, e := range cut.EULAs {
		u.Fragments.EULAs = append(u.Fragments.EULAs, store.EULA(e))
	}
	u.Revision, u.Info, err = read(document)
	return u, err
}

func (in *Intake) add(ctx context.Context, u store.Update) error {
	in.pending = append(in.pending, u)
	if len(in.pending) < batch {
		return nil
	}
	return in.flush(ctx)
}

func (in *Intake) flush(ctx context.Context) error {
	if len(in.pending) == 0 {
		return nil
	}
	added, err := in.Store.AddUpdates(ctx, in.pending)
	if err != nil {
		return err
	}
	for _, a := range added {
		if a.New {
			in.result.New++
		} else {
			in.result.Known++
		}
	}
	in.pending = in.pending[:0]
	return nil
}

// Missing lists the files that updates have and the server does not, or not sound.
func Missing(ctx context.Context, s store.Files) ([]Wanted, error) {
	states, err := s.FileStates(ctx)
	if err != nil {
		return nil, err
	}
	var all []Wanted
	for sum, f := range states {
		if f.Condition != store.Verified {
			problem := f.Problem
			if problem == "" {
				problem = "is not there"
			}
			all = append(all, Wanted{Name: f.File.Name, Size: f.File.Size, SHA1: hex.EncodeToString(sum[:]), Problem: problem})
		}
	}
	sortWanted(all)
	return all, nil
}
