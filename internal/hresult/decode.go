package hresult

// each800F splits the facility that the device installer and servicing share: below 0x800F0800 and from 0x800F1000
// on it is SetupAPI's, between them servicing's, and 0x800F0980 to 0x800F09BF is the express deltas'.
func each800F(code uint32, yield func(Meaning) bool) bool {
	low := code & 0xFFFF
	if low < 0x0800 || low >= 0x1000 {
		return yieldOr(find(spapiTable, code), FamilySPAPI, srcWinerror, yield)
	}
	if low >= 0x0980 && low <= 0x09BF {
		return yieldOr(find(cbsTable, code), FamilyPSFX, srcCBSDocs, yield)
	}
	return yieldOr(find(cbsTable, code), FamilyCBS, srcCBSDocs, yield)
}

// eachHTTP reads 0x80190000 + HTTP status: 0x80190194 is 404. The transfer service names the usual ones; its event
// messages stand above them in the same half.
func eachHTTP(code uint32, yield func(Meaning) bool) bool {
	family := FamilyHTTP
	if !isStatus(code & 0xFFFF) {
		family = FamilyBITS
	}
	found := find(bitsTable, code)
	if len(found) == 0 && family != FamilyHTTP {
		return true
	}
	return yieldOr(found, family, srcBITS, yield)
}

func isStatus(n uint32) bool { return n >= 100 && n <= 599 }

// eachWin32 reads 0x8007nnnn and the plain number as a system error code; 14000 to 14999 are the component store's.
func eachWin32(code uint32, yield func(Meaning) bool) bool {
	n := code & 0xFFFF
	if code>>16 != 0x8007 && code>>16 != 0 {
		return true
	}
	family, source := FamilyWin32, srcWinerror
	switch {
	case n >= 12000 && n < 12200:
		source = srcWininet
	case n >= 14000 && n < 15000:
		family = FamilySXS
	}
	update, later, system := find(winhttpTable, n), find(win32LaterTable, n), find(win32Table, n)
	if !yieldAll(update, FamilyWin32, srcWinHTTP, yield) || !yieldAll(later, FamilyWin32, srcLater, yield) {
		return false
	}
	if code>>16 == 0 || len(update)+len(later) > 0 {
		return yieldAll(system, family, source, yield)
	}
	return yieldOr(system, family, source, yield)
}

// ntBit marks an NTSTATUS that was made an HRESULT (HRESULT_FROM_NT): 0xD0000034 is 0xC0000034.
const ntBit = 0x10000000
