package gather_test

import (
	"strings"
	"testing"
)

const (
	runOf   = "=== Verbose logging started: 5/14/2019  9:12:55  Build type: SHIP UNICODE 5.00.10011.00  Calling process: x ===\n"
	gone    = "MSI (s) (A4:2C) [03:12:31:752]: Warning: Local cached package 'C:\\Windows\\Installer\\2b4c5e.msi' is missing.\n"
	sawDisk = "Add-WindowsCapability : Add-WindowsCapability failed. Error code = "
)

// What people copy off a screen or out of a command window, and the logs of Windows Installer: one cause each or none.
var screenExcerpts = map[string]struct{ text, want string }{
	"net, disabled":          {"C:\\Windows\\system32>net start wuauserv\nSystem error 1058 has occurred.", "service-missing-or-disabled"},
	"net, the program":       {"C:\\Windows\\system32>net start trustedinstaller\nSystem error 2 has occurred.", "service-missing-or-disabled"},
	"sc, not there":          {"C:\\>sc query cryptsvc\n[SC] EnumQueryServicesStatus:OpenService FAILED 1060:", "service-missing-or-disabled"},
	"sc, another's":          {"C:\\>sc query contososvc\n[SC] EnumQueryServicesStatus:OpenService FAILED 1060:", ""},
	"net, without rights":    {"C:\\>net start wuauserv\nSystem error 5 has occurred.\n\nAccess is denied.", ""},
	"a search by PowerShell": {"PS C:\\> Get-WindowsUpdate\nGet-WindowsUpdate : (Exception from HRESULT: 0x80070422)", "service-missing-or-disabled"},
	"a policy":               {"Exception from HRESULT: 0x8024500C\nAt line:1 char:1", "updates-paused-or-blocked"},
	"over the network":       {"PS C:\\> Install-WindowsUpdate\nAccess is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))", ""},
	"a feature":              {sawDisk + "0x800f0954\nAt line:1 char:1", "feature-on-demand-blocked"},
	"a feature, no source":   {sawDisk + "0x800f081f\nAt line:1 char:1", "repair-source-missing"},
	"DISM, in German":        {"C:\\>dism /online /add-capability /capabilityname:X\n\nVersion: 10.0.19041.1\n\nFehler: 0x800f0954", "feature-on-demand-blocked"},
	"DISM's scratch folder": {
		"2020-02-20 14:11:40, Error                 DISM   DISM Manager: PID=6084 TID=4212 Failed to create the scratch directory. - CDISMManager::CreateImageSession(hr:0x80070003)",
		"temp-path-missing",
	},
	"a scratch folder that is not removed": {
		"2020-02-20 14:11:40, Error                 DISM   DISM Manager: PID=6084 TID=4212 Failed to remove the scratch directory. - CDISMManager::Close(hr:0x80070003)", "",
	},
	"a log's place in PowerShell": {sawDisk + "0x80070003\nAt line:1 char:1", ""},

	"a kept package":        {runOf + gone + "MSI (s) (A4:2C) [03:12:31:753]: MainEngineThread is returning 1612", "installer-cache-missing"},
	"a kept package, found": {runOf + gone + "MSI (s) (A4:2C) [03:12:31:753]: MainEngineThread is returning 0", ""},
	"a kept package, and the summary is well": {
		runOf + gone + "MSI (s) (A4:2C) [03:12:31:753]: Windows Installer reconfigured the product. Product Name: A. Reconfiguration success or error status: 0.", "",
	},
	"a run that fails otherwise": {runOf + "MSI (s) (A4:2C) [03:12:31:753]: Note: 1: 1706 2: -2147483647 3: a.msi\nMSI (s) (A4:2C) [03:12:31:753]: MainEngineThread is returning 1603", ""},
	"an update of a product":     {"Source: MsiInstaller\nEvent ID: 1023\nProduct: Some Database - Update 'KB4018073' could not be installed. Error code 1612.", "installer-cache-missing"},
	"one that failed otherwise":  {"Source: MsiInstaller\nEvent ID: 1023\nProduct: Some Database - Update 'KB4018073' could not be installed. Error code 1603.", ""},

	"the pair, as a screen has it": {"0x80070002 – 0x20009\nFehler in der Phase SAFE_OS", "two-system-partitions"},
	"another pair":                 {"0x80070002 – 0x4000D\nFehler in der Phase SECOND_BOOT", ""},
	"a reserved partition":         {"We couldn’t update the system reserved partition\nError code 0xc1900201", "system-partition-full"},
	"no reserved partition":        {"2022-10-14 05:56:46, Info                  MOUPG  Updated the system reserved partition", ""},
	"a hive, wrapped":              {"2024-01-11 19:20:14, Error [SetupCl library] Required profile hive does not exist:\n[\\??\\D:\\WINDOWS\\system32\\config\\systemprofile\\NTUSER.DAT].", "system-profile-hive-missing"},
	"a hive, cut off":              {"2024-01-11 19:20:14, Error [SetupCl library] Required profile hive does not exist:\n2024-01-11 19:20:15, Info [SetupCl library] Done.", ""},
	"no room to recover, alone":    {"Windows Recovery Environment servicing failed.(CBS_E_INSUFFICIENT_DISK_SPACE)", "system-partition-full"},

	"full, as people copy it": {"Installation Failure: Windows failed to install the following update with error 0x80070070: 2024-01 Cumulative Update (KB5034123).", "disk-full"},
	"full, in Spanish":        {"Nombre de registro:System\nOrigen: Microsoft-Windows-WindowsUpdateClient\nId. del evento:20\nDescripción:\nError de instalación con error 0x80070070: Actualización (KB5028166).", "disk-full"},
	"full, in Russian":        {"Имя журнала:   System\nИсточник: Microsoft-Windows-WindowsUpdateClient\nКод события: 20\nОписание:\nСбой установки с ошибкой 0x80070070: Обновление (KB5028166).", "disk-full"},
	"full, in Turkish":        {"Günlük Adı: System\nKaynak: Microsoft-Windows-WindowsUpdateClient\nTarih: 10.01.2024 11:30:02\nOlay Kimliği: 20\nAçıklama:\nYükleme Hatası 0x80070070: 2024-01 Toplu Güncelleştirme (KB5028166).", "disk-full"},
	"done, in Turkish":        {"Günlük Adı: System\nKaynak: Microsoft-Windows-WindowsUpdateClient\nTarih: 10.01.2024 11:30:02\nOlay Kimliği: 19\nAçıklama:\nYüklendi: 2024-01 Toplu Güncelleştirme (KB5028166).", ""},
	"a service's program":     {"Source: Service Control Manager\nEvent ID: 7000\nThe Windows Modules Installer service failed to start due to the following error:\nThe system cannot find the file specified.", "service-missing-or-disabled"},
	"another's program":       {"Source: Service Control Manager\nEvent ID: 7000\nThe Contoso Helper service failed to start due to the following error:\nThe system cannot find the file specified.", ""},
	"cryptography, in German": {"Quelle: Service Control Manager\nEreignis-ID: 7000\nBeschreibung: Der Dienst \"Kryptografiedienste\" wurde nicht gestartet: Er ist deaktiviert.", "service-missing-or-disabled"},

	"a driver's folder, no marks": {"inf:                Opened INF: 'C:\\Windows\\INF\\oem27.inf' ([strings])\n" +
		"inf:                Unable to load INF: 'C:\\Windows\\System32\\DriverStore\\FileRepository\\x.inf_amd64_5d2b\\x.inf'(00000003)", "driver-package-missing"},
	"drivers, no marks, all well": {"inf:                Opened INF: 'C:\\Windows\\INF\\oem27.inf' ([strings])\n" +
		"dvi:                Driver INF - oem27.inf (C:\\Windows\\System32\\DriverStore\\FileRepository\\x.inf_amd64_5d2b\\x.inf)", ""},

	"boot files, with room":          {"2021-08-11 11:00:00, Info                  CSI    00000088 BFSVC: Copying boot files, 0x70 clusters free", ""},
	"a line, found in a log":         {"---------- C:\\CBS.LOG\n[4411]2019-03-13 08:11:55, Error                 CSI    000000fc (F) Failed in StartService for [30]\"clr_optimization_v2.0.50727_64\" with error code 3[gle=0x80004005]", "dotnet-ngen-missing"},
	"a compiler's answer":            {"(0): error SYNTAX 0X8004402f: Error creating temporary file\nCompiler returned error 0x8004402f", "temp-path-missing"},
	"a compiler's other answer":      {"(0): error SYNTAX 0X80044003: Unexpected token\nCompiler returned error 0x80044003", ""},
	"the standalone installer":       {"wusa.exe : Installer encountered an error: 0x80070070\nThere is not enough space on the disk.", "disk-full"},
	"the list of services":           {"Windows could not start the Windows Update service on Local Computer.\n\nError 1058: It is disabled.", "service-missing-or-disabled"},
	"the list of services, another":  {"Windows could not start the Contoso Backup service on Local Computer.\n\nError 1058: It is disabled.", ""},
	"two volumes, in words":          {`Failed to link \??\C:\Windows\WinSxS\x\y.lnk to \??\F:\ProgramData\y.lnk [HRESULT = 0x80070011 - ERROR_NOT_SAME_DEVICE]`, "profile-folder-moved"},
	"two volumes, in words, others":  {`Failed to link \??\C:\Windows\WinSxS\x\y.lnk to \??\F:\Games\y.lnk [HRESULT = 0x80070011 - ERROR_NOT_SAME_DEVICE]`, ""},
	"full, by one line of servicing": {"2021-08-11 05:05:05, Info                  CBS    Failed to extract file [HRESULT = 0x80070070 - ERROR_DISK_FULL]", "disk-full"},
	"full, then it went well": {
		"2021-08-11 05:05:05, Info                  CBS    Failed to extract file [HRESULT = 0x80070070 - ERROR_DISK_FULL]\n" +
			"2021-08-12 05:05:05, Info                  CBS    Exec: Processing complete.  Session: 31_1, Package: Package_for_KB5011644~31bf3856ad364e35~amd64~~17763.2794.1.0 [HRESULT = 0x00000000 - S_OK]", "",
	},
	"no rights, by one line of servicing": {"2021-08-11 05:05:05, Info                  CBS    Failed to open key [HRESULT = 0x80070005 - E_ACCESSDENIED]", ""},
	"a folder, without its head":          {"STATUS_OBJECT_NAME_NOT_FOUND #3157# from Windows::Rtl::SystemImplementation::DirectFileSystemProvider::SysCreateFile(... on:[69]\"\\??\\C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\System Tools\"; a:(OBJ_CASE_INSENSITIVE)} [gle=0xd0000034]", "shell-folder-missing"},
	"a feature, by its dialog":            {"Windows couldn't complete the requested changes.\nError code: 0x800F0954", "feature-on-demand-blocked"},

	"two volumes": {`2020-10-14 10:10:10, Error CSI 00000042 (F) STATUS_NOT_SAME_DEVICE #22# from X::HardLinkFile(s = [l:30]'\??\C:\Windows\WinSxS\a_b\x.lnk', d = [l:24]'\??\D:\ProgramData\x.lnk')[gle=0xd00000d4]`, "profile-folder-moved"},
	"two volumes, of others": {`2020-10-14 10:10:10, Error CSI 00000042 (F) STATUS_NOT_SAME_DEVICE #22# from X::HardLinkFile(s = [l:30]'\??\C:\Windows\WinSxS\a_b\x.lnk', d = [l:18]'\??\E:\Games\x.lnk')[gle=0xd00000d4]
2020-10-14 10:10:11, Error CBS Failed to perform operation.  [HRESULT = 0x80070011 - ERROR_NOT_SAME_DEVICE]`, ""},
	"two volumes, not named": {"2020-10-14 10:10:11, Error CBS Failed to perform operation.  [HRESULT = 0x80070011 - ERROR_NOT_SAME_DEVICE]", "profile-folder-moved"},
	"a profile, as its source says": {"2021-07-15 02:44:12, Info                  CSI    00000055 Loading user account SID S-1-5-21-1004336348-1177238915-682003330-1121\n" +
		`2021-07-15 02:44:12, Error                 CSI    00000056@2021/7/15:00:44:12.441 (F) ntregistry.cpp(273): Error STATUS_OBJECT_PATH_NOT_FOUND originated in function Windows::Rtl::AutoHive::Load expression: (null)[gle=0x80004005]`, "profile-path-missing"},
	"a hive of no profile":           {`2021-07-15 02:44:12, Error                 CSI    00000056@2021/7/15:00:44:12.441 (F) ntregistry.cpp(273): Error STATUS_OBJECT_PATH_NOT_FOUND originated in function Windows::Rtl::AutoHive::Load expression: (null)[gle=0x80004005]`, ""},
	"a compiler's service, bare":     {`(F) Failed in StartService for [l:60{30}]"clr_optimization_v4.0.30319_32" with error code 2`, "dotnet-ngen-missing"},
	"a compiler's service, for good": {`(F) Failed in StartService for [l:60{30}]"clr_optimization_v4.0.30319_32" with error code 1056`, ""},
}

func TestScreenExcerpts(t *testing.T) {
	for name, tc := range screenExcerpts {
		if tc.want == "" { // of a text in which there is nothing else, redx says that it does not know it
			tc.text += "\n2024-02-14 01:01:01, Info                  CBS    Starting TrustedInstaller initialization."
		}
		leads(t, name, "excerpt.txt", []byte(tc.text+"\n"), tc.want)
		leads(t, name+", cut", "cut.log", []byte("ound and so on.\n"+tc.text+"\n"), tc.want)
		leads(t, name+", quoted", "mail.txt", []byte("> "+strings.ReplaceAll(tc.text, "\n", "\n> ")+"\n"), tc.want)
		leads(t, name+", of Notepad", "of Notepad.log", []byte("\uFEFF"+crlf(tc.text)), tc.want)
	}
}
