package hresult

// Lookup gives every meaning of a code, the likeliest first. Which one holds depends on who wrote the code, so one
// number may have several: 0x80070005 is E_ACCESSDENIED and ERROR_ACCESS_DENIED. None is returned for a number that no
// table and no range knows.
func Lookup(c Code) []Meaning {
	var all []Meaning
	each(uint32(c), func(m Meaning) bool {
		all = append(all, m)
		return true
	})
	return all
}

// symbol is the first name that Lookup would give, without making a list.
func symbol(code uint32) (name string) {
	each(code, func(m Meaning) bool {
		name = m.Symbol
		return name == ""
	})
	return name
}

// each yields the meanings of a code until yield says false: first what its upper half decides alone, then the
// tables that hold numbers of every kind.
func each(code uint32, yield func(Meaning) bool) {
	_ = eachOfFamily(code, yield) &&
		yieldAll(find(hresultTable, code), FamilyHRESULT, srcWinerror, yield) &&
		eachWin32(code, yield) &&
		yieldAll(find(ntstatusTable, code&^ntBit), FamilyNTSTATUS, srcNT, yield)
}

// eachOfFamily decodes the numbers whose upper half belongs to one family. It gives false when yield did.
func eachOfFamily(code uint32, yield func(Meaning) bool) bool {
	low := code & 0xFFFF
	switch code >> 16 {
	case 0x8024, 0x0024:
		return yieldOr(find(wuTable, code), FamilyWindowsUpdate, srcWU, yield)
	case 0x800F:
		return each800F(code, yield)
	case 0x8019:
		return eachHTTP(code, yield)
	case 0x8020, 0x0020:
		return yieldOr(find(bitsTable, code), FamilyBITS, srcBITS, yield)
	case 0x80D0:
		return yieldOr(find(doTable, code), FamilyDeliveryOptimization, srcDODocs, yield)
	case 0xC190:
		return yieldOr(find(mosetupTable, code), FamilyMOSETUP, srcSetupDocs, yield)
	case 0xC142:
		return yield(Meaning{Family: FamilyWIM, Source: srcRange})
	case 0xC800, 0x8E5E: // the database engine's error -n, as Windows Update prints it and in the engine's own facility
		return yieldOr(find(eseTable, -low), FamilyESE, srcESE, yield)
	case 0xFFFF:
		return yieldAll(find(eseTable, code), FamilyESE, srcESE, yield)
	case 0xE000: // SetupAPI's own form of SPAPI_E_*, in setupapi.dev.log (HRESULT_FROM_SETUPAPI)
		return yieldAll(find(spapiTable, 0x800F0000|low), FamilySPAPI, srcWinerror, yield)
	}
	return true
}

func yieldAll(found []entry, f Family, source string, yield func(Meaning) bool) bool {
	for _, e := range found {
		if !yield(Meaning{f, e.name, source}) {
			return false
		}
	}
	return true
}

// yieldOr yields what was found, or the family alone: its range is certain where the name is not known.
func yieldOr(found []entry, f Family, source string, yield func(Meaning) bool) bool {
	if len(found) == 0 {
		return yield(Meaning{Family: f, Source: srcRange})
	}
	return yieldAll(found, f, source, yield)
}
