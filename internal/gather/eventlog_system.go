package gather

import (
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

// systemKinds are the events that tell of what updates stand on.
var systemKinds = map[winevents.Kind]evidence.Kind{
	winevents.ScanDone:        evidence.ScanDone,
	winevents.ScanFailed:      evidence.ScanFailed,
	winevents.DatabaseDamaged: evidence.DatabaseDamaged,
	winevents.CatalogFailed:   evidence.CatalogFailed,
	winevents.ServiceFailed:   evidence.ServiceFailed,
	winevents.RecoveryFailed:  evidence.PartitionFull,
	winevents.SystemStarted:   evidence.SystemStarted,
	winevents.TaskFailed:      evidence.TaskFailed,
	winevents.QueueCleared:    evidence.DatabaseDamaged,
	winevents.ContentFailed:   evidence.DownloadFailed,
}

// systemEvent says what a record means for the system around updates; false when nothing.
func systemEvent(e *evidence.Event, rec *evtx.Record, ev *winevents.Event) bool {
	var ok bool
	if e.Kind, ok = systemKinds[ev.Kind]; !ok {
		return false
	}
	e.Fields = map[string]string{}
	switch e.Kind {
	case evidence.ScanDone, evidence.ScanFailed:
		e.Fields[evidence.Service] = ev.Subject
	case evidence.DownloadFailed:
		e.Fields[evidence.Path] = ev.Subject
	case evidence.DatabaseDamaged:
		if ev.Kind == winevents.QueueCleared {
			e.Fields[evidence.Name], e.Fields[evidence.State] = "BITS", evidence.Cleared
			break
		}
		e.Fields[evidence.Path] = ev.Subject
		e.Fields[evidence.Name] = rec.Get("param1") + " " + rec.Get("param3")
	case evidence.ServiceFailed, evidence.TaskFailed:
		e.Fields[evidence.Name] = ev.Subject
	case evidence.PartitionFull:
		return ev.Code == insufficientSpace
	}
	return true
}

const insufficientSpace = 0x800f0828 // CBS_E_INSUFFICIENT_DISK_SPACE
