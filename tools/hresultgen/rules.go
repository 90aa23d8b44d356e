package main

import (
	"regexp"
	"strings"
)

// The shapes in which the headers write their numbers.
var (
	hresultDefine = regexp.MustCompile(`^#define (\w+)\s+_HRESULT_TYPEDEF_\((0x[0-9A-Fa-f]+)\)$`)
	castDefine    = regexp.MustCompile(`^#define (S_OK|S_FALSE)\s+\(\(HRESULT\)(0x[0-9A-Fa-f]+)\)$`)
	secDefine     = regexp.MustCompile(`^#define (SEC_E_OK)\s+\(\(HRESULT\)(0x[0-9A-Fa-f]+)\)$`)
	win32Define   = regexp.MustCompile(`^#define (\w+)\s+__MSABI_LONG\((\d+)\)$`)
	successDefine = regexp.MustCompile(`^#define (ERROR_SUCCESS)\s+__MSABI_LONG\((\d+)\)$`)
	wsaDefine     = regexp.MustCompile(`^#define (WSA\w+)\s+\(WSABASEERR \+ (\d+)\)$`)
	inetDefine    = regexp.MustCompile(`^#define (ERROR_\w+)\s+\(INTERNET_ERROR_BASE \+ (\d+)\)$`)
	bitsDefine    = regexp.MustCompile(`^#define ((?:BG|BITS)_\w+)\s+__MSABI_LONG\((0x[0-9A-Fa-f]+)\)$`)
	ntDefine      = regexp.MustCompile(`^#define (\w+)\s+\(\(NTSTATUS\)(0x[0-9A-Fa-f]+)\)$`)
	jetDefine     = regexp.MustCompile(`^#define (JET_err\w+)\s+(-?\d+)$`)
	aliasDefine   = regexp.MustCompile(`^#define (JET_err\w+|SEC_E_\w+)\s+(JET_err\w+|SEC_E_\w+)$`)
)

var tables = []table{
	{"zz_wu.go", "wuTable", "Windows Update's WU_E_* and WU_S_*", []rule{
		{header: "wuerror.h", define: hresultDefine},
	}},
	{"zz_win32.go", "win32Table", "system error codes as plain numbers, with RPC_S_*, DNS_*, WSA* and ERROR_INTERNET_*", []rule{
		{header: "winerror.h", define: successDefine},
		{header: "winerror.h", define: win32Define, keep: func(e entry) bool { return e.name != "WSABASEERR" }},
		{header: "winerror.h", define: wsaDefine, base: 10000},
		{header: "wininet.h", define: inetDefine, base: 12000, keep: func(e entry) bool { return !marksRange(e) }},
	}},
	{"zz_hresult.go", "hresultTable", "the HRESULTs of COM, security, certificates and the rest of Windows", []rule{
		{header: "winerror.h", define: castDefine},
		{header: "winerror.h", define: hresultDefine, keep: func(e entry) bool { return !marksRange(e) && !isSetupAPI(e) }},
		{header: "winerror.h", define: aliasDefine, alias: true},
		{header: "winerror.h", define: secDefine},
	}},
	{"zz_spapi.go", "spapiTable", "the device installer's SPAPI_E_*", []rule{
		{header: "winerror.h", define: hresultDefine, keep: isSetupAPI},
	}},
	{"zz_bits.go", "bitsTable", "the transfer service's BG_* and its event messages BITS_MC_*", []rule{
		{header: "bitsmsg.h", define: bitsDefine},
	}},
	{"zz_ntstatus.go", "ntstatusTable", "the kernel's STATUS_*, with DBG_*, RPC_NT_* and EPT_NT_*", []rule{
		{header: "ntstatus.h", define: ntDefine},
	}},
	{"zz_ese.go", "eseTable", "the database engine's JET_err*, as the signed numbers they are", []rule{
		{header: "esent.h", define: jetDefine},
		{header: "esent.h", define: aliasDefine, alias: true},
	}},
}

func isSetupAPI(e entry) bool { return strings.HasPrefix(e.name, "SPAPI_E_") }

// marksRange tells the ends of a range of codes, which are no codes: OLE_E_FIRST stands on the number of OLE_E_OLEVERB.
func marksRange(e entry) bool {
	for _, s := range []string{"_FIRST", "_LAST", "_BASE"} {
		if strings.HasSuffix(e.name, s) {
			return true
		}
	}
	return false
}
