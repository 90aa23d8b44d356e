package native

import (
	"context"
	"errors"

	"github.com/redx-update/redx/internal/agent"
	"github.com/redx-update/redx/internal/agent/install"
	"github.com/redx-update/redx/internal/hresult"
)

// Install implements agent.Engine. A bundle is one attempt.
func (e *Engine) Install(ctx context.Context, u agent.Update) (agent.Result, error) {
	orders, err := e.orders(u)
	if err != nil {
		return agent.Result{}, err
	}
	uninstall := u.Action == agent.Uninstall
	if !uninstall && e.installer.Target != install.Image {
		e.queue(happening{id: eventInstallStarted, update: u.Ref, words: []string{u.Title}})
	}
	if err := e.remember(); err != nil {
		return agent.Result{}, err
	}
	do := e.installer.InstallBundle
	if uninstall {
		do = e.installer.UninstallBundle
	}
	r, err := do(ctx, u.Ref, orders)
	return r, e.ended(u, r, err)
}

// ended tells how an installation went, and gives its error back.
func (e *Engine) ended(u agent.Update, r agent.Result, err error) error {
	uninstall := u.Action == agent.Uninstall
	var f *agent.Failure
	switch {
	case err == nil:
		e.once(u)
		delete(e.memory.Ready, idOf(u.Ref))
		e.worked(u.Ref, true)
		e.queue(installed(uninstall, hresult.OK, r.RestartNeeded, u.Ref))
	case errors.As(err, &f):
		f.Update = u.Ref // of a bundle it is the bundle that failed
		e.worked(u.Ref, false)
		e.queue(installed(uninstall, f.Code, false, u.Ref))
	default:
		return err // nothing of it stands in the history; what was begun is ended at the next start
	}
	if kept := e.remember(); kept != nil {
		return errors.Join(err, kept)
	}
	return err
}

// orders are what the installer is told, one for each part.
func (e *Engine) orders(u agent.Update) ([]install.Order, error) {
	parts, err := e.partsOf(u)
	if err != nil {
		return nil, err
	}
	var all []install.Order
	for _, p := range parts {
		h, err := install.ParseHandler([]byte(p.Handler))
		if err != nil {
			return nil, &agent.Failure{Stage: agent.Installing, Update: u.Ref, Code: codeUnknownHandler, Err: err}
		}
		o := install.Order{Update: p.Update, Folder: p.Folder, Files: p.Files, Handler: h}
		if len(parts) == 1 {
			o.Update = u.Ref
		}
		all = append(all, o)
	}
	return all, nil
}

// codeUnknownHandler is WU_E_UH_UNKNOWNHANDLER.
const codeUnknownHandler hresult.Code = 0x80242002

// partsOf are the downloaded parts of an update; of one that is to be taken off, what the last scan knows of them.
func (e *Engine) partsOf(u agent.Update) ([]readyPart, error) {
	if u.Action != agent.Uninstall {
		have := e.memory.Ready[idOf(u.Ref)]
		if have == nil || have.Revision != u.ID.Revision {
			return nil, &agent.Failure{Stage: agent.Installing, Update: u.Ref, Code: codeNotDownloaded, Err: errors.New("it is not downloaded")}
		}
		return have.Parts, nil
	}
	o := e.offers[idOf(u.Ref)]
	if o == nil {
		return nil, &agent.Failure{Stage: agent.Installing, Update: u.Ref, Code: codeUnexpected, Err: errors.New("the last scan has not named it")}
	}
	var parts []readyPart
	for i := len(o.parts) - 1; i >= 0; i-- {
		p := o.parts[i]
		parts = append(parts, readyPart{Update: p.ref, Folder: e.folderOf(p.ref.ID), Handler: p.extended.HandlerData, Files: e.files(e.folderOf(p.ref.ID), p.extended.Files)})
	}
	return parts, nil
}
