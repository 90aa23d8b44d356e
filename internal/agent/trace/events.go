package trace

import (
	"bytes"
	"fmt"
	"time"

	"github.com/redx-update/redx/internal/agent/disk"
	read "github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
	"github.com/redx-update/redx/internal/guid"
	"github.com/redx-update/redx/internal/write/evtx"
)

// The providers that an agent writes for, with the identities and channels that real event logs have.
var (
	client   = provider{winevents.WindowsUpdateClient, guid.MustParse("945a8954-c147-4acd-923f-40c45405a658")}
	transfer = provider{winevents.BitsClient, guid.MustParse("ef1cc15b-46c1-414e-bb95-e76b077bd51e")}
	engine   = provider{name: winevents.ESENT}
)

type provider struct {
	name string
	id   guid.GUID
}

// channel is an event log: its name in events, and its file.
type channel struct{ name, file string }

var (
	system      = channel{"System", "System.evtx"}
	application = channel{"Application", "Application.evtx"}
	operational = channel{"Microsoft-Windows-WindowsUpdateClient/Operational", "Microsoft-Windows-WindowsUpdateClient%4Operational.evtx"}
	transfers   = channel{"Microsoft-Windows-Bits-Client/Operational", "Microsoft-Windows-Bits-Client%4Operational.evtx"}
)

// logged are the kinds that stand in an event log. Level, task, opcode and keywords are those of real events, except for
// 23, 24, 31 and 454, of which none was at hand.
var logged = map[Kind]struct {
	channel  channel
	provider provider
	id       uint16
	level    uint8
	version  uint8
	task     uint16
	opcode   uint8
	keywords uint64
}{
	DownloadStarted:  {system, client, 44, 4, 1, 1, 12, 0x8000000000002004},
	InstallStarted:   {system, client, 43, 4, 1, 1, 13, 0x8000000000002008},
	InstallDone:      {system, client, 19, 4, 1, 1, 13, 0x8000000000000018},
	InstallFailed:    {system, client, 20, 2, 1, 1, 13, 0x8000000000000028},
	UninstallDone:    {system, client, 23, 4, 1, 1, 14, 0x8000000000000018},
	UninstallFailed:  {system, client, 24, 2, 1, 1, 14, 0x8000000000000028},
	ScanDone:         {operational, client, 26, 4, 1, 1, 11, 0x4000000000000012},
	ScanFailed:       {operational, client, 25, 2, 1, 1, 11, 0x4000000000000022},
	DownloadDone:     {operational, client, 41, 4, 1, 1, 12, 0x4000000000000014},
	DownloadFailed:   {operational, client, 31, 2, 1, 1, 12, 0x4000000000000024},
	TransferDone:     {transfers, transfer, 60, 4, 1, 0, 2, 0x4000000000000000},
	TransferFailed:   {transfers, transfer, 61, 3, 1, 0, 2, 0x4000000000000000},
	DatastoreDamaged: {application, engine, 454, 2, 0, 3, 0, 0x80000000000000},
}

// maxLog is how large an event log becomes, in chunks of 64 KB: 20 MB, as Windows has it.
const maxLog = 320

// log adds an event to its event log.
func (k *Keeper) log(e *Event) error {
	what, ok := logged[e.Kind]
	if !ok || k.o.Logs == "" {
		return nil
	}
	path := disk.Join(k.o.Logs, what.channel.file)
	old, err := k.copyOf(path, maxLog<<17)
	if err != nil {
		return err
	}
	out := evtx.Event{
		Provider: what.provider.name, ProviderGUID: what.provider.id, ID: what.id, Level: what.level, Version: what.version,
		Task: what.task, Opcode: what.opcode, Keywords: what.keywords, Time: e.At, Channel: what.channel.name, Computer: k.o.Computer,
		PID: 1204, TID: 4410, UserSID: "S-1-5-18", Data: k.fields(e),
	}
	if what.provider == engine {
		out.UserSID, out.PID, out.TID = "", 0, 0
	}
	known, err := has(old, &out)
	if known || err != nil {
		return err
	}
	b, err := evtx.Append(old, []evtx.Event{out}, maxLog)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return k.replace(path, b)
}

// has tells whether a log has an event already. Damage elsewhere in the log says nothing on that.
func has(log []byte, e *evtx.Event) (bool, error) {
	if len(log) == 0 {
		return false, nil
	}
	f, err := read.Open(bytes.NewReader(log), int64(len(log)))
	if err != nil {
		return false, err
	}
	for r := range f.Records(read.Filter{e.Provider: {e.ID}}) {
		if r == nil || !r.Time.Equal(e.Time) {
			continue
		}
		same := true
		for _, d := range e.Data {
			if g, ok := d.Value.(guid.GUID); ok && d.Name == "updateGuid" {
				found, err := guid.Parse(r.Get(d.Name))
				same = err == nil && found == g
			}
			if s, ok := d.Value.(string); ok && d.Name == "url" {
				same = r.Get(d.Name) == s
			}
		}
		if same {
			return true, nil
		}
	}
	return false, nil
}

// fields are an event's own data, by the names and in the order of real events.
func (k *Keeper) fields(e *Event) []evtx.Field {
	code := evtx.Field{Name: "errorCode", Value: evtx.Hex32(e.Code)}
	service := evtx.Field{Name: "serviceGuid", Value: k.o.Service}
	of := []evtx.Field{
		{Name: "updateTitle", Value: title(e.Update)},
		{Name: "updateGuid", Value: e.Update.ID.GUID},
		{Name: "updateRevisionNumber", Value: e.Update.ID.Revision},
	}
	switch e.Kind {
	case ScanDone:
		return []evtx.Field{{Name: "updateCount", Value: uint32(e.Found)}, service}
	case ScanFailed:
		return []evtx.Field{code, service}
	case InstallDone, UninstallDone:
		return append(of, service)
	case InstallFailed, UninstallFailed, DownloadFailed:
		return append(append([]evtx.Field{code}, of...), service)
	case TransferDone, TransferFailed:
		return k.transferred(e)
	case DatastoreDamaged:
		const process = "svchost"
		return []evtx.Field{
			{Value: process},
			{Value: "1204,R,98"},
			{Value: "SUS20ClientDataStore: "},
			{Value: fmt.Sprintf("-%d (0x%08x)", e.Code&0xffff, -uint32(e.Code&0xffff))},
			{Value: k.Datastore()},
		}
	case DownloadStarted, DownloadDone, InstallStarted:
	}
	return of
}

func (k *Keeper) transferred(e *Event) []evtx.Field {
	const unknown = ^uint64(0)
	id := k.identity(e)
	length, total, done := unknown, unknown, uint64(0)
	if e.Kind == TransferDone {
		length, total, done = uint64(e.Bytes), uint64(e.Bytes), uint64(e.Bytes)
	}
	return []evtx.Field{
		{Name: "transferId", Value: id},
		{Name: "name", Value: title(e.Update)},
		{Name: "Id", Value: id},
		{Name: "url", Value: e.URL},
		{Name: "peer"},
		{Name: "hr", Value: uint32(e.Code)},
		{Name: "fileTime", Value: time.Date(1601, 1, 1, 0, 0, 0, 0, time.UTC)},
		{Name: "fileLength", Value: length},
		{Name: "bytesTotal", Value: total},
		{Name: "bytesTransferred", Value: done},
		{Name: "proxy"},
		{Name: "peerProtocolFlags", Value: uint8(0)},
		{Name: "bytesTransferredFromPeer", Value: uint64(0)},
		{Name: "AdditionalInfoHr", Value: uint32(0)},
		{Name: "PeerContextInfo", Value: uint32(0)},
		{Name: "bandwidthLimit", Value: unknown},
		{Name: "ignoreBandwidthLimitsOnLan", Value: false},
	}
}
