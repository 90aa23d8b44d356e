package bench

// TextLines gives some lines of each log that TextReaders reads, made up in its format, to be repeated.
func TextLines() map[string]string {
	const (
		component = "amd64_microsoft-windows-twain_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef"
		wds       = "2026-03-01 08:12:33, Info                  "
	)
	return map[string]string{
		"cbslog": wds + "CBS    Session: 31000001_1 initialized by client WindowsUpdateAgent, external staging directory: (null)\r\n" +
			wds + "CBS    Appl: Evaluating package applicability for package A~31bf3856ad364e35~amd64~~10.0.19041.1, applicable state: Installed\r\n" +
			wds + "CBS    Failed to find file: " + component + "\\twain.dll [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\r\n" +
			wds + "CBS    Session: 31000001_1 finalized. Reboot required: no [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\r\n" +
			"(p)\tCSI Payload Corrupt\t(n)\t\t\t" + component + "\\twain.dll\r\n",
		"checksur": "(f)\tCSI Payload File Missing\t0x00000000\ttwain.dll\t" + component + "\t\r\n" +
			"Summary:\r\nSeconds executed: 100\r\n Found 2 errors\r\n",
		"dismlog": wds + "DISM   DISM Provider Store: PID=3144 TID=8708 Loaded - CDISMProviderStore::Internal_GetProvider(hr:0x8007007e)\r\n",
		"pfro":    "1/11/2024 3:14:55 - PFRO Error: \\??\\C:\\Windows\\Temp\\a.tmp, |delete operation|, 0xc0000034\r\n",
		"poqexec": "1da44330b8e1a20: 12c;Move File: Source = \\SystemRoot\\WinSxS\\Temp\\a, Destination = \\SystemRoot\\System32\\b\r\n",
		"reporting": "{C5D12F62-1A2B-4C3D-8E9F-001122334455}\t2026-03-01 08:13:00:000+0200\t1\t182 [AGENT_INSTALLING_FAILED]\t101\t" +
			"{33D6CF13-224E-459B-AD4F-AF8C5E3CC469}\t201\t80070002\tUpdateOrchestrator\tFailure\tContent Install\t" +
			"Installation Failure: Windows failed to install the following update with error 0x80070002: An update.\tx.1.2\r\n",
		"setupapi": ">>>  [Device Install (Hardware initiated) - USB\\VID_1]\r\n>>>  Section start 2026/03/01 03:14:55.120\r\n" +
			"!!!  sto: Failed to import driver package. Error = 0x00000003\r\n" +
			"<<<  Section end 2026/03/01 03:14:55.300\r\n<<<  [Exit status: FAILURE(0x00000003)]\r\n",
		"setuplog": wds + "IBS    Callback_Unattend: failed [0x80070002]\r\n",
		"wulog": "2026-03-01\t08:12:33:124\t 912\t1a4c\tAgent\t** START **  Agent: Installing updates [CallerId = AutomaticUpdates]\r\n" +
			"2026-03-01\t08:12:34:000\t 912\t1a4c\tDnldMgr\tWARNING: BITS job {C5D12F62-1A2B-4C3D-8E9F-001122334455} failed, " +
			"updateId = {33D6CF13-224E-459B-AD4F-AF8C5E3CC469}.201, hr = 0x80190194\r\n",
	}
}
