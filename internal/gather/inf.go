package gather

import (
	"bytes"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/textline"
	"github.com/redx-update/redx/internal/image"
)

// maxINF bounds how many lines of an INF are looked at, and maxServices how many services it may add.
const (
	maxINF      = 100000
	maxServices = 50
)

// services looks for the services that an INF adds.
func (l *looker) services(inf, path string) {
	if l.g.img.Kind() == image.Logs || !l.first("inf", path) {
		return
	}
	f, err := l.g.img.FS().Open(path)
	if err != nil {
		l.g.unread(path, err)
		return
	}
	defer f.Close()
	lines, n := textline.NewReader(f), 0
	for n < maxServices && lines.No() < maxINF && lines.Next() {
		if name, ok := addedService(lines.Bytes()); ok {
			l.service(name)
			l.g.out.Add(driverService(inf, path, name, lines.No()))
			n++
		}
	}
}

func driverService(inf, path, name string, line int) evidence.Event {
	return evidence.Event{
		Kind: evidence.DriverService, Source: evidence.Source{Path: path, Line: line}, Text: "AddService = " + name,
		Fields: map[string]string{evidence.Name: inf, evidence.Path: path, evidence.Service: name},
	}
}

// addedService reads "AddService = flpydisk, 0x00000002, flpydisk_Service_Inst". Names in "%...%" are strings of the INF
// and no names of services.
func addedService(line []byte) (name string, ok bool) {
	key, value, found := bytes.Cut(line, []byte("="))
	if !found || !bytes.EqualFold(bytes.TrimSpace(key), []byte("AddService")) {
		return "", false
	}
	value, _, _ = bytes.Cut(value, []byte(","))
	name = strings.Trim(string(value), " \t\"")
	return name, name != "" && !strings.ContainsAny(name, `%\`)
}
