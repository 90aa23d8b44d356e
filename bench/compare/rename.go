package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redx-update/redx/internal/repair"
	"github.com/redx-update/redx/internal/repair/act/offline"
	"github.com/redx-update/redx/internal/repair/journal"
	"github.com/redx-update/redx/internal/repair/run"
)

// compareRename takes a repair's transaction through over a folder of few files and over one of many: a rename does not
// look into the folder. The plan before it does, to say what must be downloaded again; that is no part of this.
func compareRename(o options, dir string) ([]row, error) {
	const few, many = 100, 100_000
	small, large := filepath.Join(dir, "small"), filepath.Join(dir, "large")
	if err := errors.Join(fillDownload(small, few), fillDownload(large, many)); err != nil {
		return nil, err
	}
	t, err := alternate(o.pairs, self("redx rename", small, 0), self("redx rename", large, 0))
	if err != nil {
		return nil, err
	}
	grown := median(t[1].wall).Seconds() / median(t[0].wall).Seconds()
	const slack, memory = 1.5, 64 << 20
	return []row{{
		ratio: fmt.Sprintf("%.2fx the time", grown), goal: goal{text: "constant, 64 MB", met: grown < slack && t[1].Peak < memory},
		what: fmt.Sprintf("move away and back, %d files below beside %d", many, few),
		redx: tookWith(t[1]), peer: tookWith(t[0]), limit: "syncing the journal",
	}}, nil
}

func tookWith(t *times) string {
	return fmt.Sprintf("%s, %s peak", median(t.wall).Round(time.Millisecond), megabytes(t.Peak))
}

// fillDownload makes a drive with so many files in its download folder.
func fillDownload(top string, files int) error {
	const each = 1000
	for n := range files {
		folder := filepath.Join(top, "Windows", "SoftwareDistribution", "Download", strconv.Itoa(n/each))
		if n%each == 0 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(folder, strconv.Itoa(n)), nil, 0o600); err != nil {
			return err
		}
	}
	return os.MkdirAll(filepath.Join(top, "journal"), 0o755)
}

// renameDownload moves the download folder of a drive away in one transaction, and back in another.
func renameDownload(top string) (f figures, err error) {
	root := repair.Root{Dir: `C:\Windows`}
	drive, err := offline.Open(top, root)
	if err != nil {
		return f, err
	}
	defer drive.Close()
	folder, err := os.OpenRoot(filepath.Join(top, "journal"))
	if err != nil {
		return f, err
	}
	defer folder.Close()
	journals, err := journal.Lock(folder)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, journals.Unlock()) }()
	target := repair.Target{Rung: repair.Download}
	move := repair.Move{Target: target, Copy: repair.Copy{Of: target, N: 1}}
	for _, act := range []repair.Reversible{repair.MoveAway{Move: move}, repair.BringBack{Move: move}} {
		if err := transact(drive, journals, root, act); err != nil {
			return f, err
		}
		f.Count++
	}
	return f, nil
}

func transact(drive *offline.Drive, journals *journal.Dir, root repair.Root, act repair.Reversible) error {
	m := run.Machine{Files: drive, Pause: func(int) bool { return false }}
	h := journal.Header{Machine: "bench", Root: root, Kind: journal.Repair, Rung: repair.Download, Acts: []repair.Reversible{act}}
	log, err := run.Begin(m, journals, fmt.Sprintf("%d.jsonl", time.Now().UnixNano()), h)
	if err != nil {
		return err
	}
	out, err := run.Do(context.Background(), m, log)
	if err == nil && out != run.Committed {
		err = fmt.Errorf("the transaction is %s", out)
	}
	return errors.Join(err, log.Close())
}
