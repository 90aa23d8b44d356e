package hresult

// doTable holds Delivery Optimization's DO_E_* (facility 0xD0). No header at hand has them: the names are those of
// Microsoft's published client source and documents, written from knowledge. The numbers without an entry are decoded
// by their range; texts/network.txt says more of those that people meet.
var doTable = []entry{
	{0x80D01001, "DO_E_NO_SERVICE"},
	{0x80D02002, "DO_E_DOWNLOAD_NO_PROGRESS"},
	{0x80D02003, "DO_E_JOB_NOT_FOUND"},
	{0x80D02005, "DO_E_NO_DOWNLOADS"},
	{0x80D0200C, "DO_E_JOB_TOO_OLD"},
	{0x80D02011, "DO_E_UNKNOWN_PROPERTY_ID"},
	{0x80D02012, "DO_E_READ_ONLY_PROPERTY"},
	{0x80D02013, "DO_E_INVALID_STATE"},
	{0x80D02018, "DO_E_FILE_DOWNLOADSINK_UNSPECIFIED"},
	{0x80D02200, "DO_E_DOWNLOAD_NO_URI"},
	{0x80D03801, "DO_E_BLOCKED_BY_COST_TRANSFER_POLICY"},
	{0x80D03803, "DO_E_BLOCKED_BY_CELLULAR_POLICY"},
	{0x80D03804, "DO_E_BLOCKED_BY_POWER_STATE"},
	{0x80D03805, "DO_E_BLOCKED_BY_NO_NETWORK"},
	{0x80D05010, "DO_E_INVALID_RANGE"},
	{0x80D05011, "DO_E_INSUFFICIENT_RANGE_SUPPORT"},
	{0x80D05012, "DO_E_OVERLAPPING_RANGES"},
}
