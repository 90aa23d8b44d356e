package story

import (
	"bytes"
	"crypto/sha256"
	"time"

	"github.com/redx-update/redx/internal/lab/payload"
)

// fault is what is done to one computer of the story. Only real files are removed or damaged.
type fault string

// The faults.
const (
	healthy     fault = ""             // nothing is done to it
	lostFile    fault = "lost-file"    // a file of the extracted update is removed
	lostFolder  fault = "lost-folder"  // a folder of it is removed
	tornStore   fault = "torn-store"   // the datastore is damaged
	lostContent fault = "lost-content" // the server loses the file while the computer downloads it
)

// role is a computer of the story, and what must come of it.
type role struct {
	name  string
	fault fault
	// code is the result code behind the red X; empty when there is none.
	codes []string
	// check is the cause that the doctor must find.
	check string
	// mended tells that the computer must have mended itself; else it must have left itself alone.
	mended bool
}

// cast are the story's own computers, each a process of its own.
var cast = []role{
	{name: "LAB-PC-1"},
	{name: "LAB-PC-2", fault: lostFile, codes: []string{"0x80070002"}, check: "payload-missing-download", mended: true},
	{name: "LAB-PC-3", fault: lostFolder, codes: []string{"0x80070003"}, check: "payload-missing-download", mended: true},
	{name: "LAB-PC-4", fault: tornStore, check: "datastore-damaged", mended: true},
	{name: "LAB-PC-5", fault: lostContent, codes: []string{"0x80244019"}, check: "server-content-missing"},
}

// parcel is an update as it is made on the spot, under the id that it is published with.
type parcel struct {
	payload.Package
	id string // GUID
}

// parcels are the updates that are made on the spot. The first is for everybody. The second, for one computer alone, is of more
// than one request (1 MiB each), so that the server can lose its file while it comes.
func parcels() []parcel {
	return []parcel{
		{id: "9e1a0001-1ab0-4ab0-8ab0-000000000001", Package: payload.Package{
			KB: "KB9100001", Title: "2026-11 Cumulative Update for the lab (KB9100001)", Version: "10.0.1.1", Time: made2026,
			Components: []payload.Component{
				{Name: "redx-lab-printing", Files: []payload.File{library("labprint.dll", 96<<10), library("labspool.dll", 48<<10)}},
				{Name: "redx-lab-network", Files: []payload.File{library("labnet.dll", 64<<10)}},
			},
		}},
		{id: "9e1a0002-1ab0-4ab0-8ab0-000000000001", Package: payload.Package{
			KB: "KB9100002", Title: "2026-11 Feature Pack for the lab (KB9100002)", Version: "10.0.1.2", Time: made2026,
			Components: []payload.Component{
				{Name: "redx-lab-media", Files: []payload.File{library("labmedia.dll", 2200<<10)}},
			},
		}},
	}
}

var made2026 = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// library is a stand-in for one: it cannot be compressed away, and is the same in each run.
func library(name string, size int) payload.File {
	out := bytes.NewBufferString("a stand-in for " + name + "\n")
	for seed := sha256.Sum256([]byte(name)); out.Len() < size; seed = sha256.Sum256(seed[:]) {
		out.Write(seed[:])
	}
	return payload.File{Name: name, Destination: `$(runtime.system32)\`, Content: out.Bytes()[:size]}
}

// Names are the names of the story's own computers.
func Names() []string {
	names := make([]string, len(cast))
	for i, r := range cast {
		names[i] = r.name
	}
	return names
}
