package gather

import (
	"bytes"
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/bits"
	"github.com/redx-update/redx/internal/format/datastore"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
)

// readDatabase reads an ESE database that redx has a view on: the update agent's datastore, the transfer queue, or the
// catalog database, of which only its soundness counts.
func readDatabase(in *input) error {
	err := readKnownDatabase(in)
	if damaged, ok := databaseDamage(in.path, err); ok && in.ctx.Err() == nil {
		in.out.Add(damaged)
	}
	return err
}

func readKnownDatabase(in *input) error {
	store, err := datastore.Open(in.file, in.file.Size())
	if err == nil {
		return readDatastore(in, store)
	}
	if !notThis(err) {
		return err
	}
	queue, err := bits.Open(in.file, in.file.Size())
	if err == nil {
		return readQueue(in, queue)
	}
	if notThis(err) && (base(in.path) == "catdb" || !mustBeKnown(in.path)) {
		return nil // the catalog database, or some other program's
	}
	return err
}

// putAside tells the folders in which an earlier repair has left what was there before. Their history counts, their
// files do not: nothing is to be looked for there any more.
var putAside = regexp.MustCompile(`(?i)(?:^|\\)(?:SDTemp[^\\]*|SoftwareDistribution[^\\]+|DataStore[^\\]+)\\`)

func readDatastore(in *input, store *datastore.Store) error {
	damaged := 0
	for h, err := range store.History() {
		if in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if err != nil {
			in.damage(&damaged, err)
			continue
		}
		in.historyRow(&h)
	}
	if putAside.MatchString(in.path) {
		return nil
	}
	owners := in.fileOwners(store, &damaged)
	for f, err := range store.Files() {
		if in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if err != nil {
			in.damage(&damaged, err)
			continue
		}
		in.fileRow(&f, owners[f.ID])
	}
	return nil
}

// fileOwners tells for each file of the datastore whose it is: the update that has it, and the bundles that this is
// part of, since the history names the bundle.
func (in *input) fileOwners(store *datastore.Store, damaged *int) map[int64][]update.Ref {
	updates := map[int64]datastore.Update{}
	parents := map[int64][]int64{}
	var joinErr error
	for u, err := range store.Updates() {
		if in.ctx.Err() != nil {
			return nil // whoever reads the files next says so
		}
		if err != nil {
			in.damage(damaged, err)
			continue
		}
		if u.Join != nil {
			joinErr = u.Join
		}
		updates[u.Local] = u
		slices.Sort(u.Bundled)
		for _, part := range slices.Compact(u.Bundled) {
			parents[part] = append(parents[part], u.Local)
		}
	}
	if joinErr != nil {
		in.out.Unread(in.path, joinErr)
	}
	owners := map[int64][]update.Ref{}
	for local, u := range updates {
		refs := []update.Ref{u.Update}
		for _, up := range ancestors(local, parents) {
			refs = append(refs, updates[up].Update)
		}
		for _, id := range u.Files {
			owners[id] = append(owners[id], refs...)
		}
	}
	for id := range owners {
		owners[id] = distinct(owners[id])
	}
	return owners
}

// distinct gives each update once, in an order that does not depend on theirs.
func distinct(refs []update.Ref) []update.Ref {
	slices.SortFunc(refs, func(a, b update.Ref) int {
		return cmp.Or(bytes.Compare(a.ID.GUID[:], b.ID.GUID[:]), cmp.Compare(a.ID.Revision, b.ID.Revision),
			cmp.Compare(a.KB, b.KB), cmp.Compare(a.Title, b.Title))
	})
	return slices.Compact(refs)
}

// ancestors gives the bundles above an update, each once; bundles nest two deep at most, and few share a part.
func ancestors(local int64, parents map[int64][]int64) []int64 {
	const deep, most = 4, 100
	var out []int64
	level := []int64{local}
	for range deep {
		var next []int64
		for _, l := range level {
			for _, p := range parents[l] {
				if len(out) == most {
					return out
				}
				if p != local && !slices.Contains(out, p) {
					out, next = append(out, p), append(next, p)
				}
			}
		}
		level = next
	}
	return out
}

// historyRow takes one row of the agent's history. What it was (installation or not) only its status says, which is
// disputed, so it is left open; how it ended the results say.
func (in *input) historyRow(h *datastore.History) {
	if !h.HasResult {
		return
	}
	a := attemptFields{phase: evidence.PhaseInstall, result: update.Succeeded}
	code := h.UnmappedResult
	if !code.Failed() {
		code = h.MappedResult
	}
	const cancelled = 0x8024000B // WU_E_CALL_CANCELLED
	switch {
	case code == cancelled || h.MappedResult == cancelled:
		a.result = update.Cancelled
	case code.Failed():
		a.result = update.Failed
	}
	e := evidence.Event{
		Kind: evidence.Attempt, Source: in.record(uint64(h.Record)), Time: h.Date, Code: code, Update: h.Update,
		Fields: a.fields(), Text: "tbHistory: " + h.Update.Title + " " + string(a.result),
	}
	e.Fields[evidence.Status] = strconv.FormatInt(h.Status, 10)
	if code.Failed() {
		e.Text += " with " + code.String()
		in.out.Code(code, e.Source, []byte(e.Text))
	}
	in.out.Add(e)
}

func (in *input) fileRow(f *datastore.File, owners []update.Ref) {
	if f.Path == "" {
		return
	}
	fields := map[string]string{
		evidence.Path: f.Path, evidence.Name: f.Name, evidence.SHA1: f.SHA1, evidence.SHA256: f.SHA256,
		evidence.Status: strconv.FormatInt(f.DownloadStatus, 10),
	}
	if f.Size > 0 {
		fields[evidence.Size] = strconv.FormatInt(f.Size, 10)
	}
	if len(f.URLs) > 0 {
		fields[evidence.URL] = f.URLs[0]
	}
	for k, v := range fields {
		if v == "" {
			delete(fields, k)
		}
	}
	e := evidence.Event{
		Kind: evidence.DatastoreFile, Source: in.record(uint64(f.Record)), Fields: fields,
		Text: "tbFiles: the datastore knows " + f.Path,
	}
	if len(owners) == 0 {
		fields[evidence.Join] = "failed"
		in.out.Add(e)
	}
	for _, u := range owners {
		e.Update = u
		in.out.Add(e)
	}
}

// readQueue takes the transfers that stand with an error.
func readQueue(in *input, q *bits.Queue) error {
	damaged := 0
	files := map[guid.GUID]bits.File{}
	for f, err := range q.Files() {
		if in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if err != nil {
			in.damage(&damaged, err)
		} else if len(files) < maxQueued {
			files[f.ID] = f
		}
	}
	for j, err := range q.Jobs() {
		if in.ctx.Err() != nil {
			return in.ctx.Err()
		}
		if err != nil {
			in.damage(&damaged, err)
		}
		if len(j.Errors) == 0 || (j.State != bits.InError && j.State != bits.InTransientError) {
			continue
		}
		in.job(&j, files)
	}
	return nil
}

// maxQueued bounds what is kept of a queue.
const maxQueued = 50000

func (in *input) job(j *bits.Job, files map[guid.GUID]bits.File) {
	code := j.Errors[len(j.Errors)-1].Code
	for _, id := range j.Files {
		f, ok := files[id]
		if !ok {
			continue
		}
		e := evidence.Event{
			Kind: evidence.DownloadFailed, Source: in.record(uint64(j.Record)), Time: j.Modified, Code: code,
			Fields: map[string]string{evidence.URL: f.URL, evidence.Path: f.Destination, evidence.Job: j.ID.String()},
			Text:   "transfer job " + j.Name + " stands at " + f.URL + " with " + code.String(),
		}
		in.out.Code(code, e.Source, []byte(e.Text))
		in.out.Add(e)
	}
}

var errTooLarge = errors.New("larger than redx reads")
