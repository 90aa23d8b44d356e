package eventtext

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

// block is a record while its lines come.
type block struct {
	line     int
	has      map[string]bool // the labels that were there
	provider string
	id       uint16
	text     []byte
	body     bool // the description has begun
	xml      bool
}

// The labels that a record is known by.
const (
	labelLog      = "log"
	labelSource   = "source"
	labelID       = "id"
	labelText     = "text"
	labelXML      = "xml"
	labelUnneeded = "other"
)

// labels are the words for them in Event Viewer (English, German, French, Spanish, Italian, Japanese, Portuguese, Russian,
// Dutch, Polish, Chinese, Korean) and in PowerShell's lists. Of other languages those of the source and the number are known by
// what stands behind them.
var labels = map[string]string{
	"log name": labelLog, "protokollname": labelLog, "nom du journal": labelLog, "nombre de registro": labelLog,
	"nome registro": labelLog, "ログの名前": labelLog, "logname": labelLog, "timecreated": labelLog,
	"source": labelSource, "quelle": labelSource, "origen": labelSource, "origine": labelSource, "ソース": labelSource,
	"providername": labelSource, "provider name": labelSource,
	"event id": labelID, "ereignis-id": labelID, "id de l'événement": labelID, "id d'événement": labelID, "id. de evento": labelID,
	"id. del evento": labelID,
	"id evento":      labelID, "イベント id": labelID, "id": labelID, "eventid": labelID,
	"description": labelText, "beschreibung": labelText, "descripción": labelText, "descrizione": labelText, "説明": labelText,
	"message":     labelText,
	"nome do log": labelLog, "fonte": labelSource, "identificação do evento": labelID, "id do evento": labelID, "descrição": labelText,
	"имя журнала": labelLog, "источник": labelSource, "код события": labelID, "описание": labelText,
	"logboeknaam": labelLog, "bron": labelSource, "gebeurtenis-id": labelID, "beschrijving": labelText,
	"nazwa dziennika": labelLog, "źródło": labelSource, "identyfikator zdarzenia": labelID, "opis": labelText,
	"日志名称": labelLog, "来源": labelSource, "事件 id": labelID, "描述": labelText,
	"로그 이름": labelLog, "원본": labelSource, "이벤트 id": labelID, "설명": labelText,
	"event xml": labelXML, "ereignis-xml": labelXML, "xml de l'événement": labelXML, "xml de evento": labelXML, "イベント xml": labelXML,
	"date": labelUnneeded, "datum": labelUnneeded, "level": labelUnneeded, "ebene": labelUnneeded, "niveau": labelUnneeded,
	"user": labelUnneeded, "computer": labelUnneeded, "keywords": labelUnneeded, "task category": labelUnneeded,
}

// label reads "Source:        ESENT"; a blank or a wide colon may stand before the value.
func label(text string) (name, value string, ok bool) {
	const longest = 40 // bytes, far more than any label
	text = strings.ReplaceAll(text[:min(len(text), maxText)], "\u00a0", " ")
	head, value, found := strings.Cut(text, ":")
	if wide, rest, isWide := strings.Cut(text, "："); isWide && len(wide) < len(head) {
		head, value, found = wide, rest, true
	}
	if !found || len(head) > longest {
		return "", "", false
	}
	name, ok = labels[strings.ReplaceAll(strings.ToLower(strings.TrimSpace(head)), "’", "'")]
	return name, strings.TrimSpace(value), ok
}

// unnamed reads a label of a language that is not known by its value: a provider's name, or behind one the number of an event
// of that provider.
func (b *block) unnamed(text string) (name, value string, ok bool) {
	const longest = 60 // bytes, more than any such label and number
	_, value, found := strings.Cut(text, ":")
	value = strings.TrimSpace(value)
	if !found || len(text) > longest+len(winevents.WindowsUpdateClient) || b.body {
		return "", "", false
	}
	if providerOf(value) != "" && !b.has[labelSource] {
		return labelSource, value, true
	}
	n, err := strconv.ParseUint(value, 10, 16)
	return labelID, value, err == nil && b.provider != "" && !b.has[labelID] && known(b.provider, uint16(n))
}

// begins reports a label with which another record begins.
func (b *block) begins(name string) bool {
	return b.has[name] && name != labelUnneeded || b.body && name == labelLog
}

func (b *block) set(no int, name, value string) {
	if b.has == nil {
		b.has = map[string]bool{}
		b.line = no
	}
	b.has[name] = true
	switch name {
	case labelSource:
		b.provider = or(providerOf(value), b.provider)
	case labelID:
		n, _ := strconv.ParseUint(value, 10, 16)
		b.id = uint16(n)
	case labelText:
		b.body, b.text = true, nil // what stood above it were labels of a language that is not known
		b.more(value)
	case labelLog:
		log, _, _ := strings.Cut(value, "/")
		b.provider = or(b.provider, providerOf(log))
	case labelXML:
		b.body = false
	}
}

// describing reports that a line without a label belongs to the description: it has begun, or all that comes before it was there.
func (b *block) describing() bool {
	return b.body || b.has[labelID] && b.provider != "" && !b.has[labelXML]
}

// more adds a line to what is kept.
func (b *block) more(text string) {
	if len(b.text)+len(text) < maxText {
		b.text = append(append(b.text, text...), '\n')
	}
}

func (b *block) record() (Record, bool) {
	if b.xml {
		return readXML(b.line, string(b.text))
	}
	if !known(b.provider, b.id) {
		return Record{}, false
	}
	text := strings.Join(strings.Fields(string(b.text)), " ")
	rec := evtx.Record{Provider: b.provider, EventID: b.id, Data: fields(b.provider, b.id, text)}
	return Record{Line: b.line, Record: rec}, text != ""
}

// events are those that package winevents has a meaning for, providers their providers in a fixed order.
var (
	events    = winevents.Filter()
	providers = slices.Sorted(maps.Keys(events))
)

// known reports an event that package winevents has a meaning for.
func known(provider string, id uint16) bool {
	ids, ok := events[provider]
	return ok && slices.Contains(ids, id)
}

// providerOf gives the name of a provider as records have it; Event Viewer's lists leave the first words out.
func providerOf(s string) string {
	for _, whole := range []string{s, "Microsoft-Windows-" + s} { // one provider is known under both
		for _, name := range providers {
			if strings.EqualFold(whole, name) {
				return name
			}
		}
	}
	return ""
}
