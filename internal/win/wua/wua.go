// Package wua talks to Windows' own update agent by COM. It is the inside of the short-lived child that wuaclient
// starts: one request, one answer, and the process ends. It asks and reports; what an answer proves is for wuaclient.
//
// All calls of the agent are late bound (IDispatch), on one locked thread. The transfer service (BITS), whose jobs it
// lists and of which it cancels Windows Update's own, has no such calls: those go through its tables of functions. Every
// object is released where it was had.
//
// Invariant: the agent is asked to search, to download and, only on request, to install; nothing else of it is set, and
// no policy, service or registration is changed. No job but Windows Update's own (repair.Job.Own) is cancelled, whoever
// asks. A failure is the HRESULT that was given.
package wua

import (
	"strings"

	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/update"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// microsoftUpdate is the identity under which the agent knows Microsoft Update, once a program has registered it.
const microsoftUpdate = "7971f918-a847-4430-9279-4a52d1efe18d"

// The values of IUpdateSearcher.ServerSelection.
const (
	selectDefault = iota
	selectManagedServer
	selectWindowsUpdate
	selectOthers
)

// selection gives the ServerSelection and ServiceID for a location, false for one that is not known.
func selection(l protocol.Location) (server int, service string, ok bool) {
	switch l {
	case protocol.Default:
		return selectDefault, "", true
	case protocol.ManagedServer:
		return selectManagedServer, "", true
	case protocol.WindowsUpdate:
		return selectWindowsUpdate, "", true
	case protocol.MicrosoftUpdate:
		return selectOthers, microsoftUpdate, true
	default:
		return 0, "", false
	}
}

// What is searched for.
const (
	notInstalled = "IsInstalled=0 and IsHidden=0"
	// unattended leaves out what is optional, which is for people to choose: previews, and drivers that are no better.
	unattended = notInstalled + " and BrowseOnly=0"
	installed  = "IsInstalled=1"
)

// criteria are the searches for an update, tried until one finds it: by its identity; else among what is offered, since
// an update that was published again has another; else among what is installed, since it may be by now. For no update
// it is the search for what is offered.
func criteria(req *protocol.Request) []string {
	var out []string
	if id, err := guid.Parse(req.ID); err == nil {
		out = append(out, "UpdateID='"+id.String()+"'")
		if req.KB == "" {
			return out
		}
	}
	out = append(out, notInstalled)
	if req.KB+req.Title != "" {
		out = append(out, installed)
	}
	return out
}

// matches reports that an update is the one that was asked for: by identity, else by KB number, else by title.
func matches(req *protocol.Request, u *protocol.Update) bool {
	switch {
	case req.ID != "" && strings.EqualFold(req.ID, u.ID):
		return true
	case req.KB != "" && u.KB != "":
		return strings.EqualFold(req.KB, u.KB)
	default:
		return req.ID+req.KB == "" && req.Title != "" && strings.EqualFold(req.Title, u.Title)
	}
}

// kbOf takes the number of an update's article, which the agent gives without "KB"; else from its title.
func kbOf(articles []string, title string) string {
	for _, a := range articles {
		if kb, ok := update.ParseKB(a); ok {
			return string(kb)
		}
	}
	return string(update.FindKB(title))
}
