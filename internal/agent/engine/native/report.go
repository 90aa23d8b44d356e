package native

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/agent/scan"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wsus/reporting"
)

// The numbers of events that the engine reports (MS-WUSP 2.2.2.3.1).
const (
	eventScanDone        = 147
	eventScanFailed      = 148
	eventStatus          = 156
	eventDownloadFailed  = 161
	eventDownloadDone    = 162
	eventDownloadStarted = 167
	eventInstallStarted  = 181
	eventInstallFailed   = 182
	eventInstallDone     = 183
	eventInstallRestart  = 184
	eventUninstallFailed = 221
	eventUninstallDone   = 222
	eventUninstallAgain  = 224 // done, and a restart is needed
)

// happening is an event before it has a time and a number of its own.
type happening struct {
	id     int32
	update update.Ref
	code   hresult.Code
	// words are for the places of the event's message: a code, a title, a count.
	words []string
	misc  []string // "tag=value"
}

// installed is the event for the end of an installation.
func installed(uninstall bool, code hresult.Code, restart bool, u update.Ref) happening {
	h := happening{id: eventInstallDone, update: u, code: code, words: []string{u.Title}}
	switch {
	case code != hresult.OK:
		h.id, h.words = eventInstallFailed, []string{hex(code), u.Title}
		if uninstall {
			h.id = eventUninstallFailed
		}
	case uninstall && restart:
		h.id = eventUninstallAgain
	case uninstall:
		h.id = eventUninstallDone
	case restart:
		h.id = eventInstallRestart
	}
	return h
}

func scanned(found int) happening {
	return happening{id: eventScanDone, words: []string{strconv.Itoa(found)}}
}

func scanFailed(code hresult.Code) happening {
	return happening{id: eventScanFailed, code: code, words: []string{hex(code)}}
}

// status queues how all updates stand on this computer, when that is not what the location was told last.
func (e *Engine) status(r *scan.Result) {
	var lists [4][]string // needed, installed, failed, downloaded
	add := func(list int, id string) { lists[list] = append(lists[list], id) }
	for number, state := range r.States {
		revision := e.client.State().Revisions[number]
		if revision == nil || revision.Core.ID.GUID.IsZero() {
			continue
		}
		id := revision.Core.ID.GUID.String()
		switch state {
		case scan.Needed:
			add(0, id)
			if e.memory.Failed[id] {
				add(2, id)
			}
			if e.memory.Ready[id] != nil {
				add(3, id)
			}
		case scan.Installed:
			add(1, id)
		}
	}
	var misc []string
	for i, tag := range []string{"U", "V", "g", "h"} { // MS-WUSP 2.2.2.3.1, MiscData
		slices.Sort(lists[i])
		misc = append(misc, tag+"="+strings.Join(lists[i], ";"))
	}
	if !slices.Equal(misc, e.memory.Status) {
		e.memory.Status = misc
		e.queue(happening{id: eventStatus, misc: misc})
	}
}

// worked notes how the last attempt of an update ended.
func (e *Engine) worked(u update.Ref, well bool) {
	if well {
		delete(e.memory.Failed, idOf(u))
	} else {
		e.memory.Failed[idOf(u)] = true
	}
}

func hex(c hresult.Code) string { return fmt.Sprintf("0x%08x", uint32(c)) }

// queue puts an event behind those that wait. It is on the disk only after remember.
func (e *Engine) queue(h happening) {
	e.memory.Events = append(e.memory.Events, reporting.Event{
		BasicData: reporting.BasicData{
			TargetID: reporting.ComputerTargetIdentifier{SID: e.memory.ClientID}, TimeAtTarget: e.o.Now().UTC(), EventInstanceID: newID(),
			NamespaceID: 1, EventID: h.id, SourceID: 101, Win32HResult: int32(h.code), AppName: "redx agent",
			UpdateID: &reporting.UpdateRevisionIdentifier{UpdateID: idOf(h.update), RevisionNumber: int32(h.update.ID.Revision)},
		},
		ExtendedData: e.computer.extended(h.words, h.misc), PrivateData: &reporting.PrivateData{},
	})
}

func idOf(u update.Ref) string {
	if u.ID.GUID.IsZero() {
		return guid.GUID{}.String()
	}
	return u.ID.GUID.String()
}

// Report implements agent.Engine.
func (e *Engine) Report(ctx context.Context) error {
	if len(e.memory.Events) == 0 {
		return nil
	}
	sent, err := e.client.Report(ctx, e.memory.Events)
	if sent > 0 {
		e.memory.Events = append([]reporting.Event(nil), e.memory.Events[sent:]...)
		err = errors.Join(err, e.remember())
	}
	return errors.Join(err, e.client.State().Save(e.folder))
}
