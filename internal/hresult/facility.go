package hresult

// Anatomy is what a code's bits tell when its name is not known.
type Anatomy struct {
	// Kind is "HRESULT", "NTSTATUS", or "number" for a small negative one, which has no bit fields; Severity is "success", "informational", "warning" or "error".
	Kind     string `json:"kind"`
	Severity string `json:"severity"`
	// Facility is the part of Windows that counts the code out, "" when its number has no name here.
	Facility       string `json:"facility,omitempty"`
	FacilityNumber int    `json:"facility_number"`
	// Number is the lower half, or the whole number.
	Number int `json:"number"`
	// Customer tells a code that is not Microsoft's: a driver's or an installer's own.
	Customer bool `json:"customer,omitempty"`
}

const customerBit = 0x20000000

// Dissect reads the bit fields of a code as winerror.h and ntstatus.h lay them out.
func Dissect(c Code) Anatomy {
	if c>>16 == 0xFFFF {
		return Anatomy{Kind: "number", Severity: "error", Number: int(c.Signed())}
	}
	a := Anatomy{Number: int(c & 0xFFFF), Customer: c&customerBit != 0}
	if c>>30 == 3 || c&ntBit != 0 && c>>30 != 0 {
		return a.nt(c)
	}
	a.Kind, a.Severity = "HRESULT", "success"
	if c.Failed() {
		a.Severity = "error"
	}
	a.FacilityNumber = int(c >> 16 & 0x7FF)
	a.Facility = hresultFacilities[a.FacilityNumber]
	return a
}

func (a Anatomy) nt(c Code) Anatomy {
	a.Kind = "NTSTATUS"
	a.Severity = [...]string{"success", "informational", "warning", "error"}[c>>30]
	a.FacilityNumber = int(c >> 16 & 0xFFF)
	a.Facility = ntFacilities[a.FacilityNumber]
	return a
}

// hresultFacilities names FACILITY_* of winerror.h, and those of later SDKs that update logs show.
var hresultFacilities = map[int]string{
	0: "general", 1: "remote procedure call", 2: "automation", 3: "structured storage", 4: "interface-specific",
	7: "Win32", 8: "Windows", 9: "security", 10: "control", 11: "certificates", 12: "internet", 13: "media server",
	14: "message queue", 15: "SetupAPI and servicing", 16: "smart card", 17: "COM+", 18: "AAF",
	19: ".NET runtime", 20: "audit collection", 21: "DirectPlay", 22: "UMI", 23: "side-by-side", 24: "Windows CE",
	25: "HTTP", 26: "common log", 27: "WER", 31: "user-mode filter manager", 32: "BITS", 33: "configuration",
	34: "state management", 35: "metadirectory", 36: "Windows Update", 37: "directory service", 38: "graphics",
	39: "shell", 40: "TPM services", 41: "TPM software", 48: "performance logs and alerts",
	49: "full volume encryption", 50: "firewall platform", 208: "Delivery Optimization", 0x65E: "ESE",
}

// ntFacilities names the facilities of ntstatus.h, and the two that setup took for itself.
var ntFacilities = map[int]string{
	0: "kernel", 1: "debugger", 2: "RPC runtime", 3: "RPC stubs", 4: "I/O", 7: "Win32", 0xA: "terminal server",
	0x10: "USB", 0x11: "HID", 0x12: "FireWire", 0x13: "cluster", 0x14: "ACPI", 0x15: "side-by-side",
	0x19: "transaction", 0x1A: "common log", 0x142: "image mount (WIM)", 0x190: "Windows setup (MOSETUP)",
	0x800: "ESE inside Windows Update",
}
