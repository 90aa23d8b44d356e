package gather_test

import (
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/gather"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
)

const lostLine = `2024-07-10 09:00:02, Info                  CBS    Failed to find file: amd64_x_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef\x.dll [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]` + "\r\n"

// bundleSet gathers a bundle with one log, collected from drive C:, and a manifest.
func bundleSet(t *testing.T, manifest string) *evidence.Set {
	t.Helper()
	files := map[string]string{`C\Windows\Logs\CBS\CBS.log`: strings.Repeat("2024-07-10 09:00:01, Info CBS x\r\n", 3) + lostLine}
	if manifest != "" {
		files[gather.Manifest] = manifest
	}
	img, err := offline.OpenLogs(imagetest.Tree(t, files))
	if err != nil {
		t.Fatal(err)
	}
	defer img.Close()
	set, err := gather.Gather(t.Context(), img, gather.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func firstMissing(set *evidence.Set) evidence.Event {
	for e := range set.Of(evidence.PayloadMissing) {
		return *e
	}
	return evidence.Event{}
}

// A bundle of redx's own has the paths of the installation and its time zone.
func TestManifest(t *testing.T) {
	const zone = `"zone":{"Rule":{"Bias":-60,"DaylightBias":-60,
		"Standard":{"Month":10,"Day":5,"Hour":3},"Daylight":{"Month":3,"Day":5,"Hour":2}}}`
	set := bundleSet(t, `{"redx_collected":1,"drive":"C:","root":"C:\\Windows","masked":true,`+zone+`,"later":"fields are added"}`)
	e := firstMissing(set)
	if e.Source.Path != `C:\Windows\Logs\CBS\CBS.log` || e.Local || e.Time.Hour() != 7 {
		t.Errorf("got %+v, want the path in the installation and 07:00 UTC", e)
	}
	if !set.Machine.Whole || !set.Machine.Masked || len(set.Notes()) != 0 || len(set.Unread()) != 0 {
		t.Errorf("machine is %+v, notes %q, unread %v", set.Machine, set.Notes(), set.Unread())
	}
	// A few lines are all that such a computer has said, and none that somebody has chosen.
	if set.Machine.Excerpt || !bundleSet(t, "").Machine.Excerpt {
		t.Errorf("the bundle is an excerpt: %v, and without a manifest it is none", set.Machine.Excerpt)
	}
}

// One that says impossible things is not believed, and the logs are read as those of any bundle.
func TestManifestHostile(t *testing.T) {
	if e := firstMissing(bundleSet(t, "")); e.Source.Path != `C\Windows\Logs\CBS\CBS.log` || !e.Local {
		t.Errorf("without a manifest: got %+v", e)
	}
	for _, manifest := range []string{
		`{`, `[]`, `{}`, `{"redx_collected":2,"drive":"C:"}`, `{"redx_collected":1,"drive":"\\\\server\\share"}`,
		`{"redx_collected":1,"drive":"C:\\x"}`, `{"redx_collected":1,"drive":"c:"}`,
		`{"redx_collected":1,"zone":{"Rule":{"Standard":{"Month":10,"Day":2000000000}}}}`,
		`{"redx_collected":1,"drive":"C:","root":"D:\\Windows"}`, `{"redx_collected":1,"root":"..\\x"}`,
		`{"redx_collected":1,"zone":{"Years":{"-5":{}}}}`,
		`{"redx_collected":1,"zone":{"Rule":{"Bias":99999}}}`,
	} {
		set := bundleSet(t, manifest)
		e := firstMissing(set)
		if e.Source.Path != `C\Windows\Logs\CBS\CBS.log` || !e.Local || set.Machine.Whole || len(set.Unread()) != 1 {
			t.Errorf("%s: got %+v, unread %v", manifest, e, set.Unread())
		}
	}
}
