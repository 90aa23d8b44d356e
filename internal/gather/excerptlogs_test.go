package gather_test

import (
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/image/imagetest"
	"github.com/redx-update/redx/internal/image/offline"
	"github.com/redx-update/redx/internal/winbin"
)

// row is a line of ReportingEvents.log.
func row(event, update, code, client, text string) string {
	return "{A0A0A0A0-1111-4222-8333-444455556666}\t2024-01-11 04:12:44:101+0100\t1\t" + event + "\t101\t{" + update + "}\t201\t" + code +
		"\tUpdateOrchestrator\t" + client + "\t" + text + "\tabc.1.0"
}

const (
	anUpdate = "B1C2D3E4-F5A6-4B7C-8D9E-0F1A2B3C4D5E"
	service  = "9482F4B4-E343-43B6-B170-9A65BC822C77"
	agent    = "2024-02-14 01:01:01.1234567 1234  5678  "
	sandbox  = `C:\Windows\SoftwareDistribution\Download\5f3c1a9e8e2b4d6c9a7f0e1d2c3b4a59`
	viewer   = "Log Name:      %s\nDate:          1/11/2024 3:14:55 AM\n"
)

func failedInstall(code, text string) string {
	return row("182 [AGENT_INSTALLING_FAILED]", anUpdate, code, "Failure\tContent Install", text)
}

// Excerpts of the other logs, and of event logs that were pasted as text, one cause each or none.
var logExcerpts = map[string]struct{ text, want string }{
	"the agent's word for a file that is gone": {failedInstall("80246012", "Installation Failure: error 0x80246012: Some Update (KB5034123)."), "payload-missing-download"},
	"a folder that is gone":                    {agent + `Agent           *FAILED* [80246010] Sandbox ` + sandbox, "payload-missing-download"},
	"a wrong digest, then it came": {agent + `DownloadManager *FAILED* [80246002] Validating ` + sandbox + `\x.cab` + "\n" +
		agent + "DownloadManager Download call complete (succeeded = 1, succeeded with errors = 0, failed = 0, cancelled = 0)\n" +
		agent + "Agent           * END * Finding updates CallerId = UpdateOrchestrator, Exit code = 0x00000000", ""},
	"a wrong digest":         {agent + `DownloadManager *FAILED* [80246002] Validating ` + sandbox + `\x.cab`, "payload-damaged"},
	"differences":            {failedInstall("800f0988", "Installation Failure: error 0x800f0988: Some Update (KB5034123)."), "delta-base-missing"},
	"no checkpoint":          {failedInstall("800f0838", "Installation Failure: error 0x800f0838: Some Update (KB5050009)."), "delta-base-missing"},
	"no checkpoint, CBS":     {`2025-01-15 12:00:01, Error                 CBS    Failed to resolve package [HRESULT = 0x800f0838]`, "delta-base-missing"},
	"an installer's source":  {failedInstall("8007064c", "Installation Failure: error 0x8007064c: Some Product (KB2467173)."), "installer-cache-missing"},
	"a server's 404":         {row("161 [AGENT_DOWNLOAD_FAILED]", anUpdate, "80244019", "Failure\tContent Download", "Fehler beim Herunterladen."), "server-content-missing"},
	"full, in French":        {failedInstall("80070070", "Échec de l’installation, erreur 0x80070070 : 2024-01 Mise à jour cumulative (KB5034123)."), "disk-full"},
	"the stack, in Japanese": {failedInstall("80242017", "インストールの失敗: エラー 0x80242017: 累積更新プログラム (KB5034123)。"), "servicing-stack-update-needed"},
	"one search":             {row("148 [AGENT_DETECTION_FAILED]", service, "80072ee2", "Failure\tSoftware Synchronization", "Failed to detect with error 0x80072ee2."), "network-or-proxy"},
	"a search, then another": {agent + "Agent           *FAILED* [8024402C] Isus\n" + agent + "Agent           * END * Finding updates CallerId = X, Exit code = 0x00000000", ""},
	"a transfer that came": {agent + "DownloadManager BITS job {11112222-3333-4444-5555-666677778888} failed, updateId = {" + anUpdate + "}.200, hr = 0x80072EFE\n" +
		agent + "DownloadManager BITS job {11112222-3333-4444-5555-666677778888} completed successfully", ""},
	"one refused connection": {agent + "ProtocolTalker  *FAILED* [80072F8F] SyncUpdates", "clock-or-tls-wrong"},
	"after a restart":        {agent + "Handler         *FAILED* [80242014] Post-reboot operation is pending", "restart-pending"},
	"parts of files": {agent + "DownloadManager BITS job {11112222-3333-4444-5555-666677778888} failed, updateId = {" + anUpdate + "}.200, hr = 0x8020002B.\n" +
		agent + "DownloadManager Failed job file: URL = http://au.download.windowsupdate.com/d/x.cab, local path = " + sandbox + `\x.cab`, "delivery-optimization-failed"},
	"an address that grew old": {agent + "DownloadManager DO job {11112222-3333-4444-5555-666677778888} failed, updateId = " + anUpdate +
		".200, hr = 0x80190193. File URL = http://7.tlu.dl.delivery.mp.microsoft.com/filestreamingservice/files/1c2d?P1=1", "delivery-optimization-failed"},
	"no transfer service":   {agent + "DownloadManager *FAILED* [80246008] Connecting to BITS", "bits-queue-damaged"},
	"room, by the agent":    {agent + "DownloadManager *FAILED* [80070070] Reserving room", "disk-full"},
	"room, by setup":        {"2024-02-14 01:01:01, Error                 MOUPG  CDlpAction::Execute(133): Result = 0xC190020E", "disk-full"},
	"a small partition":     {"2024-02-14 01:01:01, Warning               MOUPG  Compat: InsufficientSystemPartitionDiskSpace HardBlock", "system-partition-full"},
	"setup's pair of codes": {"2022-10-14 05:56:46, Info                  MOUPG  Reporting error event -> [0xC1900101, 0x20017]", "safeos-driver"},
	"the pair alone":        {"0x80070002 - 0x20009\nThe installation failed in the SAFE_OS phase", "two-system-partitions"},
	"a hive of its own":     {`[SetupCl library] Required profile hive does not exist: [\??\E:\WINDOWS\system32\config\systemprofile\NTUSER.DAT].`, "system-profile-hive-missing"},
	"DISM waits":            {"2023-07-12 02:02:02, Error                 DISM   DISM Package Manager: PID=1 TID=2 Failed - CDISMPackageManager::Do(hr:0x80070bc9)", "pending-operation-interrupted"},
	"DISM's stack":          {"2023-07-12 02:02:02, Error                 DISM   DISM Package Manager: PID=1 TID=2 Failed - CDISMPackageManager::Do(hr:0x800f0823)", "servicing-stack-update-needed"},
	"DISM's service":        {"2023-07-12 02:02:02, Error                 DISM   DISM Package Manager: PID=1 TID=2 No TrustedInstaller - CDISM::Init(hr:0x80070422)", "service-missing-or-disabled"},
	"a driver's folder, German": {"!!!  inf: Could not open driver package 'C:\\Windows\\System32\\DriverStore\\FileRepository\\x.inf_amd64_5d2b\\x.inf'(00000003)\n" +
		"!!!  inf: Error 3: Das System kann den angegebenen Pfad nicht finden.", "driver-package-missing"},
	"a section of SetupAPI's": {
		">>>  [Setup Import Driver Package - C:\\x.inf]\n>>>  Section start 2024/06/12 05:05:04.112\n      cmd: TiWorker.exe\n" +
			"!!!  inf: Unable to load INF: 'C:\\Windows\\System32\\DriverStore\\FileRepository\\x.inf_amd64_5d2b\\x.inf'(00000003)\n" +
			"<<<  Section end 2024/06/12 05:05:04.212\n<<<  [Exit status: FAILURE(0x00000003)]", "driver-package-missing",
	},
	"what a start of Windows did": {"1d8c8f5b2a4c3e2: 0xc0000034 MoveFile, \\SystemRoot\\WinSxS\\Temp\\PendingRenames\\2ab.cdf-ms", "pending-operation-interrupted"},
	"drivers, not named":          {"2024-06-12 05:05:05, Info                  CBS    Doqe: Failed installing driver updates [HRESULT = 0x80070003 - ERROR_PATH_NOT_FOUND]", "driver-package-missing"},
	"sfc": {"2024-09-12 10:10:10, Info                  CSI    000001f4 [SR] Cannot repair member file [l:7]'foo.dll' of Microsoft-Windows-Foo, " +
		"version 10.0.19041.4842, arch amd64, nonSxS, pkt {l:8 b:31bf3856ad364e35} in the store, file is missing", "component-payload-missing"},
	"sfc and a file that was changed": {"2024-09-12 10:10:10, Info                  CSI    000001f4 [SR] Cannot repair member file [l:12]'settings.ini' of Microsoft-Windows-Foo, " +
		"version 10.0.19041.4842, arch amd64, nonSxS, pkt {l:8 b:31bf3856ad364e35} in the store, hash mismatch", ""},
	"a compiler": {"2015-01-01 01:01:01, Error                 CSI    00000017 (F) CMIADAPTER: Inner Error Message from AI [gle=0x80004005]\n[\n[l:1]\"Compiler\nParsing x.mof\n" +
		"File x.mof\nerror SYNTAX 0X8004402f: Error creating temporary file\n]", "temp-path-missing"},
	"another volume": {`2020-10-14 10:10:10, Error CSI 00000042 (F) STATUS_NOT_SAME_DEVICE #22# from X::HardLinkFile(...) on:[l:39]'\??\D:\Users\Default\AppData\Roaming\x.lnk'[gle=0xd00000d4]`, "profile-folder-moved"},

	"only numbers, of the readiness tool":  {"Seconds executed: 812\n Found 2 errors\n  CSI Payload File Missing Total count: 2", "component-payload-missing"},
	"only numbers, some of them put right": {"Found 2 errors\n Fixed 1 errors\n  CBS MUM Missing Total count: 2\n  Fixed: CBS MUM Missing.  Total count: 1", "package-manifest-missing"},
	"only numbers, all put right":          {"Found 2 errors\n Fixed 2 errors\n  CBS MUM Missing Total count: 2\n  Fixed: CBS MUM Missing.  Total count: 2", ""},
	"only numbers, of DISM": {
		"Summary:\nOperation: Detect only \nOperation result: 0x0\nTotal Detected Corruption:\t2\n\tCSI Payload Corruption:\t2\nTotal Repaired Corruption:\t0", "component-payload-missing",
	},
	"only numbers, and DISM put it right": {
		"Summary:\nOperation: Detect and Repair \nOperation result: 0x0\nTotal Detected Corruption:\t2\n\tCSI Payload Corruption:\t2\nTotal Repaired Corruption:\t2", "",
	},
	"what a repair lacked":        {"Unavailable repair files:\n\tservicing\\packages\\Package_for_KB2506014~31bf3856ad364e35~amd64~~6.1.1.1.mum", "package-manifest-missing"},
	"a retry with the whole file": {"2023-10-11 03:03:03, Info                  CBS    PSFX: trying the whole file, previous result 0x800f0988", ""},
	"what DISM prints":            {"Error: 0x800f081f\n\nThe source files could not be found.\nThe DISM log file can be found at C:\\Windows\\Logs\\DISM\\dism.log", "repair-source-missing"},
	"setup's audit, of no harm":   {"AudMig: RegOpenKeyEx can't open Foo. (0x80070002)\nAudMig: No previous os data available.", ""},
	"boot files":                  {"2024-02-14 01:01:01, Info                  CSI    00000021 BFSVC Error: Could not copy boot files. Last Error = 0x70", "system-partition-full"},
	"setup's pair, in words":      {"2022-10-14 05:56:46, Info                  MOUPG  Setup result: [0x80070002], extended result: [0x20009]", "two-system-partitions"},
	"a queue":                     {"Source: ESENT\nEvent ID: 454\nsvchost (5812,R,98) QmgrDatabaseInstance: recovery failed with error -501.", "bits-queue-damaged"},
	"denied at the end": {"2022-04-06 10:55:52, Info                  CBS    Failed to process package [HRESULT = 0x80070005 - E_ACCESSDENIED]\n" +
		"2022-04-06 10:55:53, Info                  CBS    Exec: Processing complete.  Session: 31_1, Package: Package_for_KB5011644~31bf3856ad364e35~amd64~~17763.2794.1.0 [HRESULT = 0x80070005 - E_ACCESSDENIED]", "access-denied"},

	"a database":              {`wuaueng.dll (1104,R,98) SUS20ClientDataStore: Database recovery/restore failed with unexpected error -546.`, "datastore-damaged"},
	"a database, in German":   {"Quelle: ESENT\nEreignis-ID: 454\nBeschreibung:\nwuaueng.dll (1104,R,98) SUS20ClientDataStore: Bei der Wiederherstellung trat Fehler -546 auf.", "datastore-damaged"},
	"a database that is new":  {`wuaueng.dll (1104,D,0) SUS20ClientDataStore: Error -1811 (0xfffff8ed) occurred while opening logfile C:\x\edb.log.`, ""},
	"catalogs":                {viewer + "Source:        Microsoft-Windows-CAPI2\nEvent ID:      257\nDescription:\nThe error was: -550.", "catalog-database-damaged"},
	"a task":                  {"Log Name: Microsoft-Windows-TaskScheduler/Operational\nEvent ID: 146\nFailed to load task \"\\Microsoft\\Windows\\A\". Error Value: 2147942402.", "task-cache-inconsistent"},
	"a service":               {"Source: Service Control Manager\nEvent ID: 7000\nThe Windows Update service failed to start due to the following error:\nIt cannot be started, because it is disabled.", "service-missing-or-disabled"},
	"a service, in German":    {"Quelle: Service Control Manager\nEreignis-ID: 7000\nBeschreibung: Der Dienst \"Windows Update\" wurde nicht gestartet: Er ist deaktiviert.", "service-missing-or-disabled"},
	"somebody else's service": {"Source: Service Control Manager\nEvent ID: 7000\nThe Contoso Helper service failed to start due to the following error:\nIt is disabled.", ""},
	"an installer":            {"Source: MsiInstaller\nEvent ID: 1024\nProduct: Some Database - Update 'KB4018073' could not be installed. Error code 1612.", "installer-cache-missing"},
	"no room to recover":      {"Source: WinREAgent\nEvent ID: 4502\nWindows Recovery Environment servicing failed. (CBS_E_INSUFFICIENT_DISK_SPACE)", "system-partition-full"},
	"an update that went in":  {"Source: Microsoft-Windows-WindowsUpdateClient\nEvent ID: 19\nInstallation Successful: Windows installed the following update: Some Update (KB5034122)", ""},
}

func TestLogExcerpts(t *testing.T) {
	for name, tc := range logExcerpts {
		leads(t, name, "excerpt.txt", []byte(tc.text+"\n"), tc.want)
		leads(t, name+", cut", "cut.log", []byte("ound and so on.\n"+tc.text+"\n"), tc.want)
		leads(t, name+", quoted", "mail.txt", []byte("> "+strings.ReplaceAll(tc.text, "\n", "\n> ")+"\n"), tc.want)
		leads(t, name+", of Notepad", "of Notepad.log", []byte("\uFEFF"+crlf(tc.text)), tc.want)
		leads(t, name+", UTF-16", "x (2).log", append([]byte{0xff, 0xfe}, winbin.PutUTF16(crlf(tc.text))...), tc.want)
	}
}

// Of numbers of two classes that mean the same, the first in the log is told first, each time.
func TestNumbersInOrder(t *testing.T) {
	log := "Found 5 errors\n  CBS MUM Missing Total count: 2\n  CBS MUM Corrupt Total count: 3\n"
	for range 20 {
		img, err := offline.OpenLogs(imagetest.Tree(t, map[string]string{"CheckSUR.log": log}))
		if err != nil {
			t.Fatal(err)
		}
		set := gathered(t, img)
		img.Close()
		all := events(set, evidence.PackageManifestMissing)
		if len(all) != 1 || all[0].Source.Line != 2 || all[0].LastSource.Line != 3 {
			t.Fatalf("got %+v, want one of lines 2 to 3", all)
		}
	}
}
