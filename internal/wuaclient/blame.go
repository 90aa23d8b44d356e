package wuaclient

import (
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/proof"
)

// Who or what accounts for a code, when it is not the update's files on this computer.
const (
	network  = "the network or the update server accounts for it"
	rights   = "rights, a policy or a licence account for it"
	busy     = "something else runs, or a restart is due"
	stopped  = "it was stopped"
	services = "a service or the agent itself accounts for it"
	space    = "the disk or the memory is full"
)

// blames lists the codes that say nothing of whether a repair has helped, from the first to the last of each range. What is
// not here is this computer's own failure: files, the update database, the installation.
var blames = []struct {
	first, last hresult.Code
	who         string
}{
	{0x80190000, 0x8019FFFF, network}, // HTTP status
	{0x80200000, 0x8020FFFF, network}, // background transfer
	{0x80D00000, 0x80D0FFFF, network}, // Delivery Optimization
	{0x80070033, 0x80070043, network}, // ERROR_REM_NOT_LIST to ERROR_BAD_NET_NAME
	{0x80070079, 0x80070079, network}, // ERROR_SEM_TIMEOUT, which the network's drivers give
	{0x800704C6, 0x800704C6, network}, // ERROR_NO_NETWORK, by its number 1222
	{0x800704C9, 0x800704D4, network}, // ERROR_CONNECTION_REFUSED to ERROR_CONNECTION_ABORTED
	{0x800705B4, 0x800705B4, network}, // ERROR_TIMEOUT
	{0x80072714, 0x80072B17, network}, // sockets
	{0x80072EE0, 0x80072FFF, network}, // WinINet and WinHTTP
	{0x80090300, 0x8009036F, network}, // security of connections (SEC_E)
	{0x80092012, 0x80092013, network}, // a revocation that could not be asked for
	{0x8024001F, 0x8024001F, network}, // WU_E_NO_CONNECTION
	{0x80240021, 0x80240021, network}, // WU_E_TIME_OUT
	{0x80240024, 0x80240024, network}, // WU_E_NO_UPDATE: there is none there
	{0x8024002B, 0x8024002D, network}, // WU_E_LEGACYSERVER to WU_E_SOURCE_ABSENT
	{0x80240030, 0x80240030, network}, // WU_E_INVALID_PROXY_SERVER
	{0x80240042, 0x80240042, network}, // WU_E_UNKNOWN_SERVICE
	{0x8024004E, 0x8024004E, network}, // WU_E_INFRASTRUCTUREFILE_REQUIRES_SSL
	{0x80240436, 0x8024044B, network}, // WU_E_PT_*
	{0x80244000, 0x80244FFF, network}, // WU_E_PT_*
	{0x80245000, 0x802450FF, network}, // WU_E_REDIRECTOR_*
	{0x80246001, 0x80246001, network}, // WU_E_DM_URLNOTAVAILABLE
	{0x80246005, 0x80246005, network}, // WU_E_DM_NONETWORK
	{0x80246009, 0x80246009, network}, // WU_E_DM_BITSTRANSFERERROR
	{0x8024600B, 0x8024600B, network}, // WU_E_DM_CONTENTCHANGED

	{0x80070005, 0x80070005, rights},
	{0x800704C7, 0x800704C7, stopped}, // ERROR_CANCELLED
	{0x800704DD, 0x800704DD, rights},  // ERROR_NOT_LOGGED_ON
	{0x80240018, 0x80240018, rights},  // WU_E_NO_USERTOKEN
	{0x8024001A, 0x8024001A, rights},  // WU_E_POLICY_NOT_SET
	{0x80240020, 0x80240020, rights},  // WU_E_NO_INTERACTIVE_USER
	{0x80240023, 0x80240023, rights},  // WU_E_EULAS_DECLINED
	{0x80240025, 0x80240025, rights},  // WU_E_USER_ACCESS_DISABLED
	{0x80240029, 0x80240029, rights},  // WU_E_INVALID_PRODUCT_LICENSE
	{0x8024002E, 0x8024002F, rights},  // WU_E_WU_DISABLED, WU_E_CALL_CANCELLED_BY_POLICY
	{0x80240033, 0x80240033, rights},  // WU_E_EULA_UNAVAILABLE
	{0x80240044, 0x80240044, rights},  // WU_E_PER_MACHINE_UPDATE_ACCESS_DENIED
	{0x80240059, 0x80240059, rights},  // WU_E_NETWORK_COST_EXCEEDS_POLICY
	{0x80240062, 0x80240062, rights},  // WU_E_UPDATE_NOT_APPROVED
	{0x80240066, 0x80240066, rights},  // WU_E_INSTALL_USERCONTEXT_ACCESSDENIED
	{0x8024600E, 0x8024600F, rights},  // WU_E_DM_UNAUTHORIZED ...
	{0x80246016, 0x80246019, rights},

	{0x80070652, 0x80070652, busy}, // ERROR_INSTALL_ALREADY_RUNNING
	{0x80070BC2, 0x80070BC2, busy}, // ERROR_SUCCESS_REBOOT_REQUIRED as a failure
	{0x80070BC9, 0x80070BC9, busy}, // ERROR_FAIL_REBOOT_REQUIRED
	{0x80240009, 0x80240009, busy}, // WU_E_OPERATIONINPROGRESS
	{0x80240016, 0x80240016, busy}, // WU_E_INSTALL_NOT_ALLOWED
	{0x80240019, 0x80240019, busy}, // WU_E_EXCLUSIVE_INSTALL_CONFLICT
	{0x8024001B, 0x8024001B, busy}, // WU_E_SELFUPDATE_IN_PROGRESS
	{0x80240041, 0x80240041, busy}, // WU_E_SYSPREP_IN_PROGRESS
	{0x8024004A, 0x8024004A, busy}, // WU_E_SETUP_IN_PROGRESS
	{0x8024004C, 0x8024004C, busy}, // WU_E_LOW_BATTERY
	{0x8024201D, 0x8024201D, busy}, // WU_E_UH_HANDLER_DISABLEDUNTILREBOOT

	{0x8024000B, 0x8024000B, stopped}, // WU_E_CALL_CANCELLED
	{0x8024001E, 0x8024001E, stopped}, // WU_E_SERVICE_STOP
	{0x8024004F, 0x80240055, stopped}, // WU_E_IDLESHUTDOWN_* and the calls that somebody cancelled
	{0x8024005A, 0x8024005B, stopped}, // WU_E_CALL_CANCELLED_BY_HIDE, _BY_INVALID
	{0x80240060, 0x80240060, stopped}, // WU_E_IDLESHUTDOWN_OPCOUNT_SERVICEREGISTRATION
	{0x80240063, 0x80240063, stopped}, // WU_E_CALL_CANCELLED_BY_INTERACTIVE_SEARCH
	{0x80242008, 0x80242008, stopped}, // WU_E_UH_OPERATIONCANCELLED

	{0x80004001, 0x80004001, services}, // E_NOTIMPL
	{0x80010001, 0x8001FFFF, services}, // RPC_E_*: calls between processes
	{0x80040154, 0x80040154, services}, // REGDB_E_CLASSNOTREG
	{0x8007041D, 0x8007042B, services}, // ERROR_SERVICE_*
	{0x8007043C, 0x8007043C, services}, // ERROR_NOT_SAFEBOOT_SERVICE
	{0x800706B5, 0x800706C7, services}, // RPC_S_*
	{0x80080005, 0x80080005, services}, // CO_E_SERVER_EXEC_FAILURE
	{0x80240001, 0x80240001, services}, // WU_E_NO_SERVICE
	{0x80240040, 0x80240040, services}, // WU_E_NO_SERVER_CORE_SUPPORT
	{0x80240056, 0x80240056, services}, // WU_E_SYSTEM_UNSUPPORTED
	{0x80246008, 0x80246008, services}, // WU_E_DM_FAILTOCONNECTTOBITS
	{0x8024601E, 0x8024601E, services}, // WU_E_DM_DOSVC_REQUIRED

	{0x80070008, 0x80070008, space}, // ERROR_NOT_ENOUGH_MEMORY
	{0x8007000E, 0x8007000E, space}, // E_OUTOFMEMORY
	{0x80070027, 0x80070027, space}, // ERROR_HANDLE_DISK_FULL
	{0x80070070, 0x80070070, space}, // ERROR_DISK_FULL
}

// because says who accounts for a code, empty when it is this computer's own.
func because(c hresult.Code) string {
	if who := blame(c); who != "" {
		return "; " + who
	}
	return ""
}

func blame(c hresult.Code) string {
	for _, b := range blames {
		if c >= b.first && c <= b.last {
			return b.who
		}
	}
	return ""
}

// Elsewhere reports that a code is accounted for by the network, the server or a right that is lacking, or says that it is
// not the time: it tells nothing of this machine.
func Elsewhere(c hresult.Code) bool { return verdictOf(c) == proof.Unproven }

// verdictOf says whether a code is this machine's failure. What the network, the server, or a right that is lacking
// accounts for says nothing of the repair, and must not lead to the next step.
func verdictOf(c hresult.Code) proof.Verdict {
	if blame(c) != "" {
		return proof.Unproven
	}
	return proof.Failed
}
