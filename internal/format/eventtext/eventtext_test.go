package eventtext

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/format/evtx"
	"github.com/redx-update/redx/internal/format/winevents"
)

func readAll(t *testing.T, text string) []Record {
	t.Helper()
	var out []Record
	s := NewScanner(strings.NewReader(text))
	for s.Scan() {
		out = append(out, *s.Record())
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// fieldsOf gives the fields of the only record of a text.
func fieldsOf(t *testing.T, text string) map[string]string {
	t.Helper()
	recs := readAll(t, text)
	if len(recs) != 1 || !Sniff([]byte(text)) {
		t.Fatalf("%d records, sniffed %v:\n%s", len(recs), Sniff([]byte(text)), text)
	}
	out := map[string]string{"": recs[0].Provider}
	for _, f := range recs[0].Data {
		out[f.Name] = f.Value
	}
	return out
}

func TestDescriptions(t *testing.T) {
	const title = "2024-04 Cumulative Update for Windows 11 (KB5036893)"
	for name, tt := range map[string]struct {
		text string
		want map[string]string
	}{
		"Event Viewer": {
			"Log Name:      System\nSource:        Microsoft-Windows-WindowsUpdateClient\nDate:          11/01/2024 03:14:55\nEvent ID:      20\n" +
				"Level:         Error\nDescription:\nInstallation Failure: Windows failed to install the following update with error 0x80070003: " + title + ".",
			map[string]string{"": winevents.WindowsUpdateClient, "errorCode": "0x80070003", "updateTitle": title},
		},
		"German": {
			"Protokollname: System\r\nQuelle:        Microsoft-Windows-WindowsUpdateClient\r\nEreignis-ID:   20\r\nBeschreibung:\r\n" +
				"Installationsfehler: Die Installation des folgenden Updates ist mit Fehler 0x80070003 fehlgeschlagen: " + title + ".",
			map[string]string{"": winevents.WindowsUpdateClient, "errorCode": "0x80070003", "updateTitle": title},
		},
		"French": {
			"Nom du journal :System\nSource :       Microsoft-Windows-WindowsUpdateClient\nID de l’événement :20\nDescription :\n" +
				"Échec de l’installation : l’erreur 0x80070003 s’est produite pour la mise à jour : " + title,
			map[string]string{"": winevents.WindowsUpdateClient, "errorCode": "0x80070003", "updateTitle": title},
		},
		"Japanese": {
			"ログの名前:         System\nソース:           Microsoft-Windows-WindowsUpdateClient\nイベント ID:       20\n説明:\nエラー 0x80070003 で失敗しました: " + title + "。",
			map[string]string{"": winevents.WindowsUpdateClient, "errorCode": "0x80070003", "updateTitle": title},
		},
		"PowerShell": {
			"TimeCreated  : 1/11/2024 3:14:55 AM\nProviderName : Microsoft-Windows-WindowsUpdateClient\nId           : 25\nMessage      : Failed to check with error 0x8024402C.",
			map[string]string{"": winevents.WindowsUpdateClient, "errorCode": "0x8024402C"},
		},
		"a database, bare": {
			`wuaueng.dll (1104,R,98) SUS20ClientDataStore: Unable to read the header of logfile C:\Windows\SoftwareDistribution\DataStore\Logs\edb.log. Error -546.`,
			map[string]string{
				"": winevents.ESENT, "param1": "wuaueng.dll", "param2": "1104,R,98", "param3": "SUS20ClientDataStore",
				"param4": `C:\Windows\SoftwareDistribution\DataStore\Logs\edb.log`, "param5": "-546",
			},
		},
		"a service, in German": {
			"Quelle: Service Control Manager\nEreignis-ID: 7000\nDer Dienst \"Windows Update\" wurde nicht gestartet:\nDer Dienst ist deaktiviert.",
			map[string]string{"": winevents.ServiceControlManager, "param1": "Windows Update", "param2": "%%1058"},
		},
		"a task": {
			"Log Name: Microsoft-Windows-TaskScheduler/Operational\nEvent ID: 146\nFailed to load task \"\\Microsoft\\Windows\\TPM\\Tpm-Maintenance\". Error Value: 2147942402.",
			map[string]string{"": winevents.TaskScheduler, "param1": `\Microsoft\Windows\TPM\Tpm-Maintenance`, "param2": "2147942402"},
		},
		"an installer": {
			"Source: MsiInstaller\nEvent ID: 1024\nDescription: Product: Some Database 2019 - Update 'KB5000001' could not be installed. Error code 1612.",
			map[string]string{"": winevents.MsiInstaller, "param1": "Some Database 2019", "param2": "KB5000001", "param3": "1612"},
		},
		"a transfer": {
			"Source: Bits-Client\nEvent ID: 61\nDescription: Stopped transferring http://wsus.example:8530/Content/AA/1.cab. The status code is 0x80190194.",
			map[string]string{"": winevents.BitsClient, "url": "http://wsus.example:8530/Content/AA/1.cab", "hr": "0x80190194"},
		},
	} {
		if diff := cmp.Diff(tt.want, fieldsOf(t, tt.text)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestXML(t *testing.T) {
	const one = `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-WindowsUpdateClient'/>` +
		`<EventID>20</EventID><TimeCreated SystemTime='2024-01-11T03:14:55.5Z'/></System><EventData><Data Name='errorCode'>0x80070002</Data>` +
		`<Data Name='updateTitle'>A (KB5034122)</Data></EventData></Event>`
	recs := readAll(t, "<Events>\n"+one+"\n"+strings.ReplaceAll(one, "><", ">\n  <")+"</Events>")
	if len(recs) != 2 || !Sniff([]byte(one)) {
		t.Fatalf("%d records", len(recs))
	}
	want := []evtx.Field{{Name: "errorCode", Value: "0x80070002"}, {Name: "updateTitle", Value: "A (KB5034122)"}}
	for i, r := range recs {
		if diff := cmp.Diff(want, r.Data); diff != "" || !r.Time.Equal(time.Date(2024, 1, 11, 3, 14, 55, 5e8, time.UTC)) {
			t.Errorf("record %d at %v: %s", i, r.Time, diff)
		}
	}
	if recs[0].Line != 2 || recs[1].Line != 3 || recs[1].Number != 2 {
		t.Errorf("lines %d and %d, number %d", recs[0].Line, recs[1].Line, recs[1].Number)
	}
}

// Texts that are something else are nothing to this package.
func TestSniffOthers(t *testing.T) {
	for _, text := range []string{
		"", "Description: a novel\nSource: the library\nEvent ID: 20\n", "2024-01-11 03:14:55, Info                  CBS    Session: 30_1 initialized",
		"The Foo service is running.", "<Events></Events>", "Source: Microsoft-Windows-WindowsUpdateClient\n",
	} {
		if Sniff([]byte(text)) {
			t.Errorf("takes %q for pasted events", text)
		}
	}
}

func FuzzEventText(f *testing.F) {
	f.Add([]byte("Source: ESENT\nEvent ID: 454\nDescription: wuaueng.dll (1) SUS20ClientDataStore: failed -546.\nLog Name: x\n"))
	f.Add([]byte("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><EventID>20</EventID></System></Event>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		Sniff(data)
		s := NewScanner(strings.NewReader(string(data)))
		for n := 0; s.Scan(); n++ {
			r := s.Record()
			if !known(r.Provider, r.EventID) || r.Line < 1 || n > len(data) {
				t.Fatalf("record %+v", r)
			}
		}
	})
}

// TestProvider has names that two providers could answer to; it does not depend on chance which does.
func TestProvider(t *testing.T) {
	for range 50 {
		for in, want := range map[string]string{
			"winreagent": winevents.WinREAgent2, "Microsoft-Windows-WinREAgent": winevents.WinREAgent,
			"WindowsUpdateClient": winevents.WindowsUpdateClient, "esent": winevents.ESENT, "none": "",
		} {
			if got := providerOf(in); got != want {
				t.Fatalf("%s: got %q, want %q", in, got, want)
			}
		}
	}
}
