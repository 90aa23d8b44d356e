package story

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

// parcels are the updates that are made on the spot. The first is for everybody; the second is larger, so that there is
// time to lose its file while it comes, and for one computer alone.
func parcels() []parcel {
	return []parcel{
		{
			id: "9e1a0001-1ab0-4ab0-8ab0-000000000001",
			kb: "KB9100001", title: "2026-11 Cumulative Update for the lab (KB9100001)", version: "10.0.1.1",
			components: []component{
				{name: "redx-lab-printing", files: []payload{
					{"labprint.dll", "$(runtime.system32)", program("labprint.dll", 96<<10)},
					{"labspool.dll", "$(runtime.system32)", program("labspool.dll", 48<<10)},
				}},
				{name: "redx-lab-network", files: []payload{
					{"labnet.dll", "$(runtime.system32)", program("labnet.dll", 64<<10)},
				}},
			},
		},
		{
			id: "9e1a0002-1ab0-4ab0-8ab0-000000000001",
			kb: "KB9100002", title: "2026-11 Feature Pack for the lab (KB9100002)", version: "10.0.1.2",
			components: []component{
				{name: "redx-lab-media", files: []payload{
					{"labmedia.dll", "$(runtime.system32)", program("labmedia.dll", 6<<20)},
				}},
			},
		},
	}
}

// Names are the names of the story's own computers.
func Names() []string {
	names := make([]string, len(cast))
	for i, r := range cast {
		names[i] = r.name
	}
	return names
}
