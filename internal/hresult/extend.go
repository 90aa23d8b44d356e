package hresult

import "fmt"

// Extend is the second half of a setup result, such as 0x20007 in 0x80070003-0x20007: the phase of the upgrade in the
// upper half, the operation that failed in the lower. 0 is none.
type Extend uint32

// Hex gives the extend code the way setup prints it: 0x20007.
func (e Extend) Hex() string { return fmt.Sprintf("0x%05X", uint32(e)) }

// Phase gives setup's name of the phase, or "" when there is none.
func (e Extend) Phase() string {
	if p := int(e >> 16); p < len(phases) {
		return "SP_EXECUTION_" + phases[p]
	}
	return ""
}

// Operation gives setup's name of the operation, or "" when there is none.
func (e Extend) Operation() string {
	if op := int(e & 0xFFFF); op < len(operations) {
		return "SP_EXECUTION_OP_" + operations[op]
	}
	return ""
}

// String gives the code with its names: "0x20007 SP_EXECUTION_SAFE_OS, SP_EXECUTION_OP_INSTALL_DRIVERS".
func (e Extend) String() string {
	if e.Phase() == "" || e.Operation() == "" {
		return e.Hex()
	}
	return e.Hex() + " " + e.Phase() + ", " + e.Operation()
}

// MarshalText gives the form of JSON: "0x20007".
func (e Extend) MarshalText() ([]byte, error) { return []byte(e.Hex()), nil }

// Names as in Microsoft's list of upgrade error codes.
var (
	phases = [...]string{"UNKNOWN", "DOWNLEVEL", "SAFE_OS", "FIRST_BOOT", "OOBE_BOOT", "UNINSTALL"}

	operations = [...]string{
		"UNKNOWN", "COPY_PAYLOAD", "DOWNLOAD_UPDATES", "INSTALL_UPDATES", "INSTALL_RECOVERY_ENVIRONMENT",
		"INSTALL_RECOVERY_IMAGE", "REPLICATE_OC", "INSTALL_DRIVERS", "PREPARE_SAFE_OS", "PREPARE_ROLLBACK",
		"PREPARE_FIRST_BOOT", "PREPARE_OOBE_BOOT", "APPLY_IMAGE", "MIGRATE_DATA", "SET_PRODUCT_KEY", "ADD_UNATTEND",
		"ADD_DRIVER", "ENABLE_FEATURE", "DISABLE_FEATURE", "REGISTER_ASYNC_PROCESS", "REGISTER_SYNC_PROCESS",
		"CREATE_FILE", "CREATE_REGISTRY", "BOOT", "SYSPREP", "OOBE", "BEGIN_FIRST_BOOT", "END_FIRST_BOOT",
		"BEGIN_OOBE_BOOT", "END_OOBE_BOOT", "PRE_OOBE", "POST_OOBE", "ADD_PROVISIONING_PACKAGE",
	}
)
