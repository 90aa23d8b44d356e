package eventtext

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/winevents"
)

func TestRows(t *testing.T) {
	const words = "svchost (1,R,98) SUS20ClientDataStore: failed with error -546."
	engine := map[string]string{"": winevents.ESENT, "param1": "svchost", "param2": "1,R,98", "param3": "SUS20ClientDataStore", "param5": "-546"}
	for name, tt := range map[string]struct {
		text string
		want map[string]string
	}{
		"tabs":   {"Error\t6/2/2020 8:11:45 AM\tESENT\t454\tLogging/Recovery\t\"" + words + "\"", engine},
		"commas": {"Error,6/2/2020 8:11:45 AM,ESENT,454,Logging/Recovery,\"" + words + "\"", engine},
		"blanks": {"  12 Jun 02 08:11  Error  ESENT    454 " + words, engine},
		"lines":  {"svchost (1,R,98) SUS20ClientDataStore: failed with\n error -546.", engine},
		"more lines": {"Error\tx\tESENT\t454\tLogging/Recovery\t\"svchost (1,R,98) SUS20ClientDataStore: failed with\nerror -546.\"\n" +
			"Error\tx\tESENT\t999\tGeneral\tnothing", engine},
		"a table": {
			"   ProviderName: ESENT\n\nTimeCreated    Id LevelDisplayName Message\n-----------    -- ---------------- -------\n6/2/2020 8:11:45 AM    454 Error   " + words, engine,
		},
		"a short name": {"Error\t8:11\tWindowsUpdateClient\t25\tAgent\tfailed with error 0x8024402C.", map[string]string{"": winevents.WindowsUpdateClient, "errorCode": "0x8024402C"}},
	} {
		if diff := cmp.Diff(tt.want, fieldsOf(t, tt.text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestNoRows(t *testing.T) {
	for name, text := range map[string]string{
		"another number":       "Error\tx\tESENT\t999\tGeneral\tfailed with error -546",
		"another source":       "Error\tx\tESENTX\t454\tGeneral\tfailed with error -546",
		"no description":       "ESENT\t454",
		"a map of flushes":     `svchost (1,R,98) SUS20ClientDataStore: Error -1919 validating header page on flush map file "x.jfm".`,
		"a table's name alone": "ProviderName: ESENT\n6/2/2020 8:11:45 AM    999 Error   failed with error -546",
		"a row of no table":    "6/2/2020 8:11:45 AM    454 Error   failed with error -546",
		"a blank line":         "svchost (1,R,98) SUS20ClientDataStore: failed with\n\nerror -546.",
		"another database":     "svchost (1,R,98) Windows: failed with error -546.",
		"a word too few":       "Content file download failed.\nReason: HTTP status 404",
		"a good transfer":      "BITS has started the X transfer job that is associated with the http://a.example/x URL.",
		"a good package":       "Package KB4038792 was successfully changed to the Installed state.",
	} {
		if recs := readAll(t, text); len(recs) > 0 || Sniff([]byte(text)) {
			t.Errorf("%s: %+v", name, recs)
		}
	}
}
