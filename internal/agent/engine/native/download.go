package native

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/disk"
	"github.com/redx-update/redx/internal/agent/download"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/location"
	"github.com/redx-update/redx/internal/agent/metadata"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/authenticode"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
)

const (
	codeNotDownloaded hresult.Code = 0x80246007 // WU_E_DM_NOTDOWNLOADED
	codeUnsigned      hresult.Code = 0x800B0100 // TRUST_E_NOSIGNATURE
	codeChanged       hresult.Code = 0x80096010 // TRUST_E_BAD_DIGEST
	codeUntrusted     hresult.Code = 0x800B0109 // CERT_E_UNTRUSTEDROOT
	codeFull          hresult.Code = 0x80070070 // ERROR_DISK_FULL
)

// Download implements agent.Engine.
func (e *Engine) Download(ctx context.Context, u agent.Update, progress agent.Progress) error {
	o := e.offers[idOf(u.Ref)]
	if o == nil || o.item.Core.ID != u.ID {
		return &agent.Failure{Stage: agent.Downloading, Update: u.Ref, Code: codeNotDownloaded, Err: errors.New("the last scan has not offered it")}
	}
	if u.Action == agent.Uninstall {
		return nil
	}
	if err := e.trace.Tell(trace.Event{Kind: trace.DownloadStarted, At: e.o.Now(), Update: u.Ref}); err != nil {
		return e.downloadFailed(u.Ref, err)
	}
	e.queue(happening{id: eventDownloadStarted, update: u.Ref})
	have := &ready{Revision: u.ID.Revision}
	g := &getting{e: e, ctx: ctx, u: u, progress: progress}
	for _, p := range o.parts {
		done, err := g.part(p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return e.downloadFailed(u.Ref, err)
		}
		have.Parts = append(have.Parts, done)
	}
	if err := e.know(u.Ref, o); err != nil {
		return e.downloadFailed(u.Ref, err)
	}
	if err := e.trace.Tell(trace.Event{Kind: trace.DownloadDone, At: e.o.Now(), Update: u.Ref, Bytes: u.Bytes}); err != nil {
		return e.downloadFailed(u.Ref, err)
	}
	e.memory.Ready[idOf(u.Ref)] = have
	e.queue(happening{id: eventDownloadDone, update: u.Ref})
	return e.remember()
}

// downloadFailed tells of a failed download wherever it belongs.
func (e *Engine) downloadFailed(u update.Ref, err error) error {
	f := &agent.Failure{Stage: agent.Downloading, Code: codeOf(err), Err: err}
	var damaged *trace.Damaged
	if own := (*agent.Failure)(nil); errors.As(err, &own) {
		f = own
	} else if errors.As(err, &damaged) {
		f.Code, f.Path, f.Err = damaged.Code, damaged.Path, damaged.Err
	} else if disk.Full(err) {
		f.Code = codeFull
	}
	f.Update = u
	told := e.trace.Tell(trace.Event{Kind: trace.DownloadFailed, At: e.o.Now(), Update: u, Code: f.Code})
	if errors.As(told, &damaged) {
		told = nil
	}
	e.worked(u, false)
	e.queue(happening{id: eventDownloadFailed, update: u, code: f.Code})
	if err := errors.Join(told, e.remember()); err != nil {
		return errors.Join(f, err)
	}
	return f
}

// know puts a bundle into the datastore, after the updates that it is made of.
func (e *Engine) know(u update.Ref, o *offer) error {
	k := trace.Known{Update: u}
	for _, p := range o.parts {
		if p.ref.ID == u.ID {
			return nil // it was put there with its files
		}
		k.Bundled = append(k.Bundled, p.ref.ID)
	}
	return e.trace.Know(k)
}

// getting is a download on its way.
type getting struct {
	e        *Engine
	ctx      context.Context
	u        agent.Update
	progress agent.Progress
	before   int64 // bytes of the files that are done
}

// folderOf is where the files of a revision go: the name stays the same for all revisions of an update.
func (e *Engine) folderOf(id update.ID) string {
	return e.o.Root.Dir + `\SoftwareDistribution\Download\` + strings.ReplaceAll(id.GUID.String(), "-", "")
}

// part gets, verifies and extracts the files of one revision.
func (g *getting) part(p part) (readyPart, error) {
	out := readyPart{Update: p.ref, Folder: g.e.folderOf(p.ref.ID), Handler: p.extended.HandlerData}
	if err := g.e.begin(g.u, p, out.Folder); err != nil {
		return out, err
	}
	known := trace.Known{Update: p.ref, Files: g.e.files(out.Folder, p.extended.Files)}
	if err := g.e.trace.Know(known); err != nil {
		return out, err
	}
	for i, f := range p.extended.Files {
		if err := g.file(out.Folder, f, &known.Files[i]); err != nil {
			return out, err
		}
	}
	extracted, err := install.Extract(g.ctx, g.e.drive, out.Folder, known.Files)
	if err != nil {
		return out, err
	}
	known.Files = append(known.Files, extracted...)
	out.Files = known.Files
	return out, g.e.trace.Know(known)
}

// begin makes the folder. One that holds another revision of the update, or of which that is not known, is emptied first.
func (e *Engine) begin(u agent.Update, p part, folder string) error {
	id := idOf(p.ref)
	held, known := e.memory.Begun[id]
	same := known && held == p.ref.ID.Revision
	if same && e.memory.Ready[idOf(u.Ref)] == nil {
		_, err := disk.MakeAll(e.drive, folder)
		return err
	}
	delete(e.memory.Ready, idOf(u.Ref))
	if !same {
		delete(e.memory.Begun, id)
	}
	if err := e.remember(); err != nil {
		return err
	}
	if !same {
		if err := disk.RemoveAll(e.drive, folder); err != nil {
			return err
		}
	}
	if _, err := disk.MakeAll(e.drive, folder); err != nil || same {
		return err
	}
	e.memory.Begun[id] = p.ref.ID.Revision
	return e.remember()
}

// files describes what is to be downloaded.
func (e *Engine) files(folder string, all []metadata.File) []trace.File {
	var out []trace.File
	for _, f := range all {
		t := trace.File{Name: f.Name, Path: disk.Join(folder, f.Name), Size: f.Size, SHA1: slices.Clone(f.SHA1[:]), URLs: e.client.State().PlacesOf(f.SHA1)}
		if f.HasSHA256 {
			t.SHA256 = slices.Clone(f.SHA256[:])
		}
		out = append(out, t)
	}
	return out
}

// file gets one file and verifies its signature.
func (g *getting) file(dir string, f metadata.File, t *trace.File) error {
	err := g.get(dir, f, t)
	event := trace.Event{Kind: trace.TransferDone, At: g.e.o.Now(), Update: g.u.Ref, Bytes: f.Size}
	if len(t.URLs) > 0 {
		event.URL = t.URLs[0]
	}
	if err != nil {
		event.Kind, event.Code = trace.TransferFailed, codeOf(err)
	}
	if g.ctx.Err() == nil {
		err = errors.Join(err, g.e.trace.Tell(event))
	}
	if err != nil {
		return err
	}
	g.before += f.Size
	t.Done, t.Modified = true, g.e.o.Now().UTC()
	return g.e.signed(t)
}

// get has a file; when no source gives it, the location is asked once whether it is elsewhere now.
func (g *getting) get(dir string, f metadata.File, t *trace.File) error {
	want := download.File{Name: f.Name, Size: f.Size, SHA1: t.SHA1, SHA256: t.SHA256, URLs: t.URLs}
	report := func(done int64) { g.progress(g.before+done, g.u.Bytes) }
	err := g.e.getter.Get(g.ctx, g.e.drive, dir, want, report)
	var failed *download.Error
	if !errors.As(err, &failed) || g.ctx.Err() != nil {
		return err
	}
	if e := g.e.client.Locate(g.ctx, [][20]byte{f.SHA1}); e != nil {
		return errors.Join(err, e)
	}
	again := g.e.client.State().PlacesOf(f.SHA1)
	if len(again) == 0 || slices.Equal(again, t.URLs) {
		return err
	}
	t.URLs, want.URLs = again, again
	return g.e.getter.Get(g.ctx, g.e.drive, dir, want, report)
}

// codeOf is how Windows' own agent would call the failure of a download.
func codeOf(err error) hresult.Code {
	var failed *download.Error
	if errors.As(err, &failed) {
		return failed.Code
	}
	return location.Code(err)
}

// signed verifies the signature of a payload. There is no way around it.
func (e *Engine) signed(t *trace.File) error {
	f, err := e.drive.Open(t.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = authenticode.Verify(f, f.Size(), authenticode.Trust{Roots: e.o.Trust, Now: e.o.Now()})
	if err == nil {
		return nil
	}
	code := codeUntrusted
	switch {
	case errors.Is(err, authenticode.ErrUnsigned):
		code = codeUnsigned
	case errors.Is(err, authenticode.ErrChanged):
		code = codeChanged
	}
	return &agent.Failure{Stage: agent.Downloading, Code: code, Path: t.Path, Err: fmt.Errorf("its signature: %w", err)}
}
