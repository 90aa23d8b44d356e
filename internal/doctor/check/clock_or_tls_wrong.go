package check

import (
	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// secureCodes say that a secured connection, or a signature, was refused for its certificate or protocol.
var secureCodes = []hresult.Code{
	0x80072f8f, // ERROR_WINHTTP_SECURE_FAILURE
	0x80072f05, // the certificate's dates do not fit the clock
	0x80072f06, // the certificate is another host's
	0x80072f0d, // the certificate's issuer is not known
	0x80072f7d, // ERROR_WINHTTP_SECURE_CHANNEL_ERROR
	0x800b0101, // CERT_E_EXPIRED
}

// ClockOrTLSWrong finds that secured connections to the update server are refused: the clock is wrong, a protocol is too
// old or switched off, or something on the way shows its own certificate.
func ClockOrTLSWrong() doctor.Check {
	return doctor.Check{
		ID:    "clock-or-tls-wrong",
		Title: "The secured connection to the update server is refused",
		Reads: []evidence.Kind{
			evidence.ScanFailed, evidence.ScanDone, evidence.DownloadFailed, evidence.DownloadDone, evidence.Trouble, evidence.Attempt,
		},
		Run: clockOrTLSWrong,
	}
}

func clockOrTLSWrong(x *doctor.Exam) []doctor.Finding {
	t := triesWith(x, secureCodes)
	if t.number == 0 && !linesTell(x.Evidence, t) {
		return nil
	}
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(t.fails),
		Title: "The secured connection to the update server is refused: the clock, the certificates or TLS",
		Detail: "Set the clock and its time zone right first: a certificate is valid between two dates. Then: Windows before 8 needs TLS 1.2 " +
			"switched on; a proxy that opens secured connections needs its root certificate here, or an exception for Windows Update.",
		Codes: t.codes(), Proof: t.proof(),
		Next: []string{"w32tm /resync", "w32tm /query /status", "netsh winhttp show proxy", openWindowsUpdate},
	}
	if t.number < 2 {
		f.Confidence = doctor.Likely
		f.Surer = "whether it happens again: redx diagnose after the next search for updates"
	}
	return []doctor.Finding{f}
}
