package gather

import (
	"bytes"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/reporting"
	"github.com/redx-update/redx/internal/update"
)

// readReporting reads the events that the update agent has for its server. They bear the zone's offset, by which the
// other logs' times can be placed.
func readReporting(in *input) error {
	s := reporting.NewScanner(in.lines())
	damaged := 0
	for s.Scan() {
		if err := s.Damage(); err != nil {
			in.damage(&damaged, err)
		}
		row := s.Row()
		if !row.Time.IsZero() {
			in.zone.sampleOf(row.Time)
		}
		in.reported(&row)
	}
	return s.Err()
}

func (in *input) reported(row *reporting.Row) {
	if row.Code.Failed() {
		in.out.Code(row.Code, in.line(row.Line), []byte(row.Text))
	}
	result := "Failure"
	if row.Success {
		result = "Success"
	}
	if row.ID == searchReported || row.ID == searchFailedReported {
		in.searched(row)
		return
	}
	fields, ok := reportedAttempt(row.ID, result)
	if !ok {
		return
	}
	title := reportedTitle(row.Text)
	in.out.Add(evidence.Event{
		Kind: evidence.Attempt, Source: in.line(row.Line), Time: row.Time.UTC(), Code: row.Code, Fields: fields,
		Update: update.Ref{ID: row.Update, KB: update.FindKB(title), Title: title}, Text: row.Text,
	})
}

// sniffReporting knows a ReportingEvents.log by its first sound row.
func sniffReporting(head []byte) bool {
	s := reporting.NewScanner(bytes.NewReader(head))
	for n := 0; n < 5 && s.Scan(); n++ {
		if s.Damage() == nil {
			return true
		}
	}
	return false
}

// The reported events of searches (MS-WUSP). They name the service that was searched where others name the update.
const (
	searchReported       = 147
	searchFailedReported = 148
)

func (in *input) searched(row *reporting.Row) {
	e := evidence.Event{
		Kind: evidence.ScanDone, Source: in.line(row.Line), Time: row.Time.UTC(), Text: row.Text,
		Fields: map[string]string{evidence.Service: row.Update.GUID.String()},
	}
	if row.ID == searchFailedReported {
		e.Kind, e.Code = evidence.ScanFailed, row.Code
	}
	in.out.Add(e)
}
