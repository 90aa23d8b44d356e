package intake

import (
	"cmp"
	"context"
	"crypto/sha1"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/content"
	"github.com/redx-update/redx/internal/store"
)

func sortWanted(all []Wanted) {
	slices.SortFunc(all, func(a, b Wanted) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA1, b.SHA1)) })
}

// files takes in those of the files that some update has and the server lacks, whatever their names are.
func (in *Intake) files(ctx context.Context, paths []string) error {
	states, err := in.Store.FileStates(ctx)
	if err != nil {
		return err
	}
	sizes := map[int64]bool{}
	for sum, f := range states {
		if f.Condition == store.Verified {
			delete(states, sum)
			continue
		}
		sizes[f.File.Size] = true
	}
	for _, p := range paths {
		if err := in.file(ctx, p, states, sizes); err != nil {
			return err
		}
	}
	return nil
}

func (in *Intake) file(ctx context.Context, path string, wanted map[[20]byte]store.FileState, sizes map[int64]bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	i, err := f.Stat()
	if err != nil {
		return err
	}
	named, isNamed := byName(path)
	if _, ok := wanted[named]; isNamed && ok {
		return in.put(ctx, path, f, wanted, named)
	}
	if !sizes[i.Size()] {
		return nil
	}
	h := sha1.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return in.put(ctx, path, f, wanted, [20]byte(h.Sum(nil)))
}

// byName reads the digest that a server's own folder has as names.
func byName(path string) ([20]byte, bool) {
	name := filepath.Base(path)
	digits, _, _ := strings.Cut(name, ".")
	if len(digits) < 2 {
		return [20]byte{}, false
	}
	return content.ParsePath(digits[len(digits)-2:] + "/" + name)
}

func (in *Intake) put(ctx context.Context, path string, r io.Reader, wanted map[[20]byte]store.FileState, sum [20]byte) error {
	f, ok := wanted[sum]
	if !ok {
		return nil
	}
	err := in.Put(ctx, Want(f.File), r)
	var damage *content.Damage
	if errors.As(err, &damage) {
		in.refuse(path, err)
		return nil
	}
	if err != nil {
		return err
	}
	delete(wanted, sum)
	in.result.Files++
	return nil
}

// Want says the same of a file as the content store wants to hear it.
func Want(f store.File) content.Want {
	return content.Want{SHA1: f.SHA1, SHA256: f.SHA256, Size: f.Size, Name: f.Name}
}
