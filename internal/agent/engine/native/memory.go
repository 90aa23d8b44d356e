package native

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/agent/keep"
	"github.com/redx-update/redx/internal/agent/trace"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/reporting"
)

// memory is what the engine remembers between two starts, beside the location's own state.
type memory struct {
	// ClientID is what the computer calls itself, made once.
	ClientID string
	// Ready are the updates that are downloaded, verified and extracted.
	Ready map[string]*ready
	// Begun are the revisions whose files stand in the folders of downloads, or stood there last, by the update.
	Begun map[string]uint32
	// Failed are the updates whose last attempt failed.
	Failed map[string]bool
	// Once are the updates that were ever installed by this engine.
	Once map[string]bool `json:",omitempty"`
	// Drivers are the newest revisions of the drivers that this engine has installed.
	Drivers map[string]uint32 `json:",omitempty"`
	// Status is what the location was told last of all updates.
	Status []string
	// Events wait for the next report, the oldest first.
	Events []reporting.Event
}

// ready is a downloaded update.
type ready struct {
	Revision uint32
	Parts    []readyPart
}

// readyPart is a revision of it that has files.
type readyPart struct {
	Update  update.Ref
	Folder  string
	Files   []trace.File // downloaded and extracted
	Handler string       // HandlerSpecificData
}

const (
	memoryKind, memoryFile = "native engine 1", "native.state"
	maxWaiting             = 2000 // events; beyond that the oldest are dropped
)

// recall reads the memory; what is torn or foreign is begun anew.
func (e *Engine) recall() error {
	path := filepath.Join(e.folder, memoryFile)
	err := keep.Read(path, memoryKind, &e.memory)
	switch {
	case errors.Is(err, keep.ErrTorn):
		e.o.Log.Warn("the engine's memory begins anew", slog.Any("error", err))
		e.memory = memory{}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the engine's memory: %w", err)
	}
	if e.memory.Ready == nil {
		e.memory.Ready = map[string]*ready{}
	}
	if e.memory.Begun == nil {
		e.memory.Begun = map[string]uint32{}
	}
	if e.memory.Failed == nil {
		e.memory.Failed = map[string]bool{}
	}
	if e.memory.Once == nil {
		e.memory.Once = map[string]bool{}
	}
	if e.memory.Drivers == nil {
		e.memory.Drivers = map[string]uint32{}
	}
	if _, err := guid.Parse(e.memory.ClientID); err == nil {
		return nil
	}
	e.memory.ClientID = newID()
	return e.remember()
}

// remember writes the memory.
func (e *Engine) remember() error {
	if n := len(e.memory.Events) - maxWaiting; n > 0 {
		e.memory.Events = e.memory.Events[n:]
	}
	if err := keep.Write(filepath.Join(e.folder, memoryFile), memoryKind, &e.memory); err != nil {
		return fmt.Errorf("write the engine's memory: %w", err)
	}
	return nil
}

// newID makes a random GUID (version 4).
func newID() string {
	var g guid.GUID
	rand.Read(g[:]) // gives all of the bytes or ends the program
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g.String()
}

// recover ends the installation that an earlier process has left, and reports how.
func (e *Engine) recover() error {
	ended, err := e.installer.Recover()
	if errors.Is(err, install.ErrJournal) { // it is put aside, for a person to look at
		e.o.Log.Error("an installation that was interrupted cannot be ended", slog.Any("error", err))
		err = nil
	}
	if err != nil {
		return fmt.Errorf("end what an earlier process has left: %w", err)
	}
	if ended == nil {
		return nil
	}
	e.o.Log.Info("an installation that was interrupted is ended", slog.String("update", ended.Update.Title), slog.String("code", ended.Code.String()))
	e.queue(installed(ended.Uninstall, ended.Code, ended.Restart, ended.Update))
	e.worked(ended.Update, ended.Code == hresult.OK)
	if ended.Code == hresult.OK && !ended.Uninstall {
		e.memory.Once[idOf(ended.Update)] = true
	}
	return e.remember()
}
