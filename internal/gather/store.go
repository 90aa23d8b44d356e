package gather

import (
	"io"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cab"
	"github.com/redx-update/redx/internal/format/checksur"
	"github.com/redx-update/redx/internal/format/dismlog"
)

// readCheckSUR reads what the readiness tool of older systems found and mended.
func readCheckSUR(in *input) error {
	for rec, err := range checksur.Records(in.lines()) {
		if err != nil {
			return err
		}
		c := rec.Corruption
		if !strings.HasPrefix(c.Kind, "CSI Payload") || c.File == "" {
			continue
		}
		kind := evidence.PayloadCorrupt
		if rec.Kind == checksur.Mended {
			kind = evidence.PayloadRepaired
		}
		in.out.Add(evidence.Event{
			Kind: kind, Source: in.line(rec.Line), Text: rec.Text, Fields: payloadFields(c.Component.String(), c.File, ""),
		})
	}
	return nil
}

func readDISM(in *input) error {
	s := dismlog.NewScanner(in.lines())
	for s.Scan() {
		e := s.Entry()
		if c, ok := e.Code(); ok && c.Failed() {
			in.out.Code(c, in.line(e.Line), e.Text)
		}
	}
	return s.Err()
}

// readCabinet reads the servicing logs in a cabinet, into which Windows rolls CBS.log. Other cabinets are passed over.
func readCabinet(in *input) error {
	if !strings.HasPrefix(base(in.path), "cbspersist") {
		return nil
	}
	c, err := cab.Open(in.file, in.file.Size())
	if err != nil {
		return err
	}
	return c.Each(func(f cab.File, r io.Reader) error {
		if !strings.HasSuffix(strings.ToLower(f.Name), ".log") {
			return nil
		}
		inner := *in
		inner.path = in.path + `\` + f.Name
		if err := readServicingFrom(&inner, &cancelReader{ctx: in.ctx, r: r}); err != nil {
			if in.ctx.Err() != nil {
				return err
			}
			in.out.Unread(inner.path, err)
		}
		return nil
	})
}
