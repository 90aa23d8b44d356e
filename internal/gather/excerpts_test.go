package gather_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/doctor/check"
)

// Excerpts as people paste them: without times, without heads, wrapped, of old and new Windows. Each alone leads to one
// cause; an empty one, to none. They are of our own making, in the forms that the logs have.
var excerpts = []struct{ text, want string }{
	{`Info CBS INSTALL index: 46, phase: 1, result 2, inf: flpydisk.inf
Info CBS Doqe: Recording result: 0x80070002, for Inf: flpydisk.inf
Info CBS DriverUpdateInstallUpdates failed [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]
Info CBS Doqe: Failed installing driver updates [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]`, "driver-service-key-missing"},
	{`INSTALL index: 12, phase: 1, result 3, inf: oem4.inf
Doqe: Recording result: 0x80070003, for Inf: oem4.inf`, "driver-package-missing"},
	{`     sto:      Importing driver package.
!    inf:      Unable to load INF: 'C:\WINDOWS\System32\DriverStore\FileRepository\usb.inf_amd64_1\usb.inf'(00000003)
!    inf:      Error 3: The system cannot find the path specified.`, "driver-package-missing"},
	{`Doqe: Recording result: 0x0, for Inf: oem4.inf
INSTALL index: 12, phase: 1, result 0, inf: oem4.inf`, ""},
	{`2018-11-29 10:22:44, Info  CBS    Failed to bulk stage deployment manifest and pin deployment for package:Package_3470_for_KB4462937~31bf3856ad364e35~amd64~~10.0.1.2 [HRESULT = 0x80073701 - ERROR_SXS_ASSEMBLY_MISSING]
2018-11-29 10:22:44, Info  CBS    CommitPackagesState: Started persisting state of packages`, "component-manifest-missing"},
	{`Error CSI 0000002a (F) STATUS_SXS_ASSEMBLY_MISSING #4303736# from CCSDirectTransaction::OperateEnding at index 0 of 1 operations, disposition 2[gle=0xd015000c]
Error CSI 0000002b (F) HRESULT_FROM_WIN32(14081) #4303575# from Windows::ServicingAPI::CCSITransaction::ICSITransaction_PinDeployment(Flags = 0, a = x)[gle=0x80073701]`, "component-manifest-missing"},
	{`(f)	CSI Manifest Missing	0x00000002	x86_microsoft-windows-a_31bf3856ad364e35_6.0.6001.18000_none_0123456789abcdef.manifest	x86_microsoft-windows-a_31bf3856ad364e35_6.0.6001.18000_none_0123456789abcdef`, "component-manifest-missing"},
	{`Checking Windows Servicing Packages
(f)	CBS MUM Corrupt	0x800F0900	servicing\Packages\Package_for_KB978601~31bf3856ad364e35~amd64~~6.0.1.0.mum		Line 1: `, "package-manifest-missing"},
	{`Checking Windows Servicing Packages
(f)	CBS MUM Missing	0x00000002	servicing\Packages\Package_114_for_KB955839~31bf3856ad364e35~amd64~~6.0.1.0.mum
(fix)	CBS MUM Missing	CBS File Replaced	Package_114_for_KB955839~31bf3856ad364e35~amd64~~6.0.1.0.mum from Cabinet: C:\Windows\CheckSur\v1.0\x.cab`, ""},
	{`2023-05-17 08:25:12, Error                 CSI    00000008 (F) STATUS_FILE_CORRUPT_ERROR #139# from Windows::Rtl::SystemImplementation::DirectFileSystemProvider::SysReadFile(h = 1)[gle=0xd0000102]
2023-05-17 08:25:12, Error                 CSI    00000009 (F) HRESULT_FROM_WIN32(ERROR_FILE_CORRUPT) #138# from X[gle=0x80070570]
2023-05-17 08:25:12, Info                  CBS    Failed to resolve execution update. [HRESULT = 0x80070570 - ERROR_FILE_CORRUPT]`, "manifest-hash-mismatch"},
	{`2023-05-17 08:25:12, Info CBS Failed to execute item[14] in Prestage operation. [HRESULT = 0x80073712 - ERROR_SXS_COMPONENT_STORE_CORRUPT]`, "repair-source-missing"},
	{`Summary:
Operation: Detect and Repair 
Operation result: 0x800f081f
Last Successful Step: CSI store detection completes.
Total Detected Corruption:	2
Total Repaired Corruption:	0`, "repair-source-missing"},
	{`(p)	CSI Payload Corrupt	(n)			amd64_microsoft-windows-a_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef\a.dll
Repair failed: Missing replacement payload.
Summary:
Operation: Detect and Repair 
Operation result: 0x800f081f
Total Detected Corruption:	1
Total Repaired Corruption:	0`, "component-payload-missing"},
	{`Package "Package_for_KB4103723~31bf3856ad364e35~amd64~~10.0.1.2" requires Servicing Stack v10.0.14393.2248 but current Servicing Stack is v10.0.14393.2214. [HRESULT = 0x800f0823 - CBS_E_NEW_SERVICING_STACK_REQUIRED]
Failed to initialize internal package [HRESULT = 0x800f0823 - CBS_E_NEW_SERVICING_STACK_REQUIRED]`, "servicing-stack-update-needed"},
	{`2021-08-31 11:25:39, Error                 MIG    Process Drivers for Migration. Error: 0x80070003
2021-08-31 11:25:39, Info                  MIG    Done`, "servicing-stack-missing"},
	{`Error DISM DISM OS Provider: PID=1 TID=2 Failed to bind the online servicing stack - CDISMOSServiceManager::get_ServicingStackDirectory(hr:0x80070003)`, "servicing-stack-missing"},
	{`2017-03-01 10:00:00, Info                  CBS    Exec: Some sessions are pended with exclusive flag set, need to restart first`, "pending-operation-interrupted"},
	{`Error CBS Startup: A possible hang was detected on the last boot. [HRESULT = 0x800f0920 - CBS_E_HANG_DETECTED]`, "pending-operation-interrupted"},
	{`2022-01-01 01:01:01, Info                  CBS    Failed to pre- stage package: Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.1415.1.13 [HRESULT = 0x800f0988 - PSFX_E_INVALID_DELTA_COMBINATION]`, "delta-base-missing"},
	{`2022-01-01 01:01:01, Error CSI 00000021 (F) STATUS_OBJECT_NAME_NOT_FOUND #4096# from Windows::Rtl::SystemImplementation::DirectFileSystemProvider::SysCreateFile(flags = 0), on:[l:73 ml:140]'\??\C:\ProgramData\Microsoft\Windows\Start Menu\Programs\Administrative Tools'[gle=0xd0000034]`, "shell-folder-missing"},
	{`Error CSI 0000001c InstallTaskOnline: RegisterTask failed, hr = 0x80070002
Info CBS Failed to process installers [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]`, "task-cache-inconsistent"},
	{`2022-01-01 01:01:01, Error                 SP     Failed to get WimMount ImagePath, 0x80070002[gle=0x00000002]`, "wimmount-broken"},
	{`2022-01-01 01:01:01, Error CBS Failed reading Identity for driver operation sequenceID: 1 [HRESULT = 0x80070490 - ERROR_NOT_FOUND]`, "driver-operation-queue-damaged"},
	{`2022-01-01 01:01:01, Info CBS Appl: Evaluating package applicability for package Package_for_KB4049411~31bf3856ad364e35~amd64~~10.0.1.0, applicable state: Installed Invalid`, "package-state-bad"},
	{`2022-01-01 01:01:01, Info CBS DWLD:Failed to do Windows update search [HRESULT = 0x800f0954]`, "feature-on-demand-blocked"},
	{`Failed in StartService for [30]"clr_optimization_v2.0.50727_64" with error code 2[gle=0x80004005]`, "dotnet-ngen-missing"},
	{`Error CSI 0000005c (F) Failed in StartService for [30]"clr_optimization_v4.0.30319_32" with error code 1058[gle=0x80004005]`, ""},
	{`2022-01-01 01:01:01, Info CBS Not able to query DisableWerReporting flag.  Assuming not set... [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]
2022-01-01 01:01:01, Info CBS Failed reading PoqexecCmdline registry key [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]
2022-01-01 01:01:01, Info CBS Exec: Failed to read AutoRepairNeeded [HRESULT = 0x80070490 - ERROR_NOT_FOUND]
2022-01-01 01:01:01, Info CBS The store corruption status report is incomplete. [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]
2022-01-01 01:01:01, Error CBS Cmd: failed to perform Synchronous Cleanup operation [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]
2022-01-01 01:01:01, Info CBS InternalOpenPackage failed for Package_for_KB1000001~31bf3856ad364e35~x86~~6.4.1.0 [HRESULT = 0x800f0805 - CBS_E_INVALID_PACKAGE]`, ""},
}

func TestExcerpts(t *testing.T) {
	for _, tc := range excerpts {
		name, _, _ := strings.Cut(tc.text, "\n")
		for form, text := range map[string]string{"": tc.text, "quoted": "> " + strings.ReplaceAll(tc.text, "\n", "\n> ")} {
			t.Run(form+" "+tc.want+" "+name[:min(len(name), 40)], func(t *testing.T) {
				file := filepath.Join(t.TempDir(), "unnamed")
				writeFile(t, file, []byte(text+"\n"))
				var want []string
				if tc.want != "" {
					want = []string{tc.want}
				}
				if got := roots(doctor.Examine(ofLogs(t, file), check.All())); !slices.Equal(got, want) {
					t.Errorf("leads to %q, want %q", got, want)
				}
			})
		}
	}
}
