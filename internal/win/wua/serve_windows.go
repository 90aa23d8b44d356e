package wua

import (
	"errors"
	"io"

	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/win"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Serve answers one request of wuaclient's. It gives an error only when the request cannot be read or the answer not be
// written; all that goes wrong with the agent is part of the answer.
func Serve(in io.Reader, out io.Writer) error {
	req, err := protocol.ReadRequest(in)
	if err != nil {
		return err
	}
	w := worker{
		req:  &req,
		step: func(s protocol.Step) error { return protocol.Write(out, protocol.Message{Step: s}) },
		afar: win.NetworkLogon,
	}
	if err := inApartment(w.run); err != nil && !w.note(err) {
		return err
	}
	return protocol.Write(out, protocol.Message{Answer: &w.answer})
}

// The classes of the agent.
const (
	classSession    = "{4CB43D7F-7EEE-4906-8698-60DA1C38F2FE}" // Microsoft.Update.Session
	classSystemInfo = "{C01B9BA0-BEA7-41BA-B604-D0A36F469133}" // Microsoft.Update.SystemInfo
	classCollection = "{13639463-00DB-4646-803D-528026140D88}" // Microsoft.Update.UpdateColl
)

// worker is one request on its way.
type worker struct {
	req     *protocol.Request
	step    func(protocol.Step) error
	afar    func() (bool, error) // whether the user has logged on over the network
	at      protocol.Step
	session object
	answer  protocol.Answer
}

// begin tells that a step begins.
func (w *worker) begin(s protocol.Step) error {
	w.at = s
	return w.step(s)
}

// note puts a failed call into the answer, false for an error of another kind.
func (w *worker) note(err error) bool {
	var e *callError
	if !errors.As(err, &e) {
		return false
	}
	w.answer.Failure = &protocol.Failure{Step: w.at, Call: e.call, Code: e.code}
	return true
}

// warn keeps a failure that the work goes on after.
func (w *worker) warn(err error) {
	const most = 20
	var e *callError
	if errors.As(err, &e) && len(w.answer.Warnings) < most {
		w.answer.Warnings = append(w.answer.Warnings, &protocol.Failure{Step: w.at, Call: e.call, Code: e.code})
	}
}

func (w *worker) run() (err error) {
	if w.refuse() {
		return nil
	}
	if err := w.begin(protocol.Connect); err != nil {
		return err
	}
	if w.req.Verb == protocol.Transfers || w.req.Verb == protocol.CancelTransfer {
		return w.queue()
	}
	if w.session, err = create(classSession, "IUpdateSession"); err != nil {
		return err
	}
	defer w.session.release()
	// The name under which the agent's own log and history have what is done.
	if err := w.session.set("ClientApplicationID", "redx"); err != nil {
		return err
	}
	switch w.req.Verb {
	case protocol.History:
		return w.history()
	case protocol.State:
		return w.state()
	case protocol.Offers:
		return w.offers()
	default:
		return w.prove()
	}
}

// refuse says no where the agent would, and says the way round it, which an HRESULT does not.
func (w *worker) refuse() bool {
	if _, _, ok := selection(w.req.Location); !ok {
		w.answer.Refused = &protocol.Refused{
			Reason: "the update location " + string(w.req.Location) + " is not known", Hint: "there are wu, mu and wsus",
		}
		return true
	}
	afar, err := w.afar()
	if w.req.Verb != protocol.Prove || err != nil || !afar {
		return false // what cannot be known the agent will say
	}
	w.answer.Refused = &protocol.Refused{
		Reason: "Windows Update downloads and installs nothing for a user who has logged on over the network (WinRM, SSH, PsExec)",
		Hint:   "run redx at the computer itself, over Remote Desktop, or as a scheduled task of SYSTEM: schtasks /create /tn redx /ru SYSTEM /sc once /st 00:00 /tr \"redx repair --yes\", then schtasks /run /tn redx",
	}
	return true
}

// searcher makes a searcher for the location that was asked for.
func (w *worker) searcher() (object, error) {
	s, err := w.session.ask("CreateUpdateSearcher", "IUpdateSearcher")
	if err != nil {
		return s, err
	}
	server, service, _ := selection(w.req.Location)
	if server != selectDefault {
		err = s.set("ServerSelection", int32(server))
	}
	if service != "" && err == nil {
		err = s.set("ServiceID", service)
	}
	if err != nil {
		s.release()
	}
	return s, err
}

// restart asks whether Windows waits for a restart, which the verdict does not hang on.
func (w *worker) restart() {
	info, err := create(classSystemInfo, "ISystemInformation")
	if err == nil {
		defer info.release()
		w.answer.RestartNeeded, err = info.boolean("RebootRequired")
	}
	w.warn(err)
}

// result reads a download's or an installation's result for its only update.
func result(all object, gives string) (*protocol.Result, error) {
	one, err := all.ask("GetUpdateResult", gives, int32(0))
	if err != nil {
		return nil, err
	}
	defer one.release()
	outcome, err := one.number("ResultCode")
	if err != nil {
		return nil, err
	}
	r := &protocol.Result{Outcome: protocol.Outcome(outcome)}
	if r.Code, err = one.code("HResult"); err != nil {
		return nil, err
	}
	// The whole may have failed before the update had a result of its own.
	if r.Code == hresult.OK && r.Outcome != protocol.Succeeded {
		r.Code, err = all.code("HResult")
	}
	return r, err
}
