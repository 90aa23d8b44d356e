package win

// ValueKind says what a value of the registry is.
type ValueKind string

// The kinds that redx writes. Other says that something else is there, which redx cannot write back.
const (
	NoValue ValueKind = ""
	Text    ValueKind = "text"   // REG_SZ
	Number  ValueKind = "number" // REG_DWORD
	Other   ValueKind = "other"
)

// MachineValue is a value below HKEY_LOCAL_MACHINE.
type MachineValue struct {
	Key    string    `json:"key"`
	Name   string    `json:"name"`
	Kind   ValueKind `json:"kind,omitempty"`
	Text   string    `json:"text,omitempty"`
	Number uint32    `json:"number,omitempty"`
	// NoKey says, of one that is not there, that its key is not there either.
	NoKey bool `json:"no_key,omitempty"`
}
