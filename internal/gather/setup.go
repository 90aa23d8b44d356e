package gather

import (
	"github.com/redx-update/redx/internal/format/pfro"
	"github.com/redx-update/redx/internal/format/poqexec"
	"github.com/redx-update/redx/internal/format/setupapi"
	"github.com/redx-update/redx/internal/format/setuplog"
)

// The logs of setup, drivers and pending renames are read for their codes; what their lines mean to a cause is added
// with the check that asks for it.

func readSetupLog(in *input) error {
	s := setuplog.NewScanner(in.lines())
	for s.Scan() {
		e := s.Entry()
		if r, ok := setuplog.ParseResult(e.Text); ok {
			in.out.Code(r.Code, in.line(e.Line), e.Text)
		}
	}
	return s.Err()
}

func readSetupAPI(in *input) error {
	s := setupapi.NewScanner(in.lines())
	for s.Scan() {
		e := s.Entry()
		if c, ok := setupapi.ParseCode(e.Text); ok && (c.Failed() && (e.Level != setupapi.Plain || e.Exit != "")) {
			in.out.Code(c, in.line(e.Line), e.Text)
		}
	}
	return s.Err()
}

func readPFRO(in *input) error {
	s := pfro.NewScanner(in.lines())
	for s.Scan() {
		if e := s.Entry(); e.Code.Failed() {
			in.out.Code(e.Code, in.line(e.Line), e.Text)
		}
	}
	return s.Err()
}

func readPoqexec(in *input) error {
	s := poqexec.NewScanner(in.lines())
	for s.Scan() {
		if e := s.Entry(); e.Code.Failed() {
			in.out.Code(e.Code, in.line(e.Line), e.Text)
		}
	}
	return s.Err()
}
