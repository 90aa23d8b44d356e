package gather_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redx-update/redx/internal/evidence"
)

const (
	manifest = "amd64_microsoft-windows-shell_31bf3856ad364e35_10.0.19041.1_none_0123456789abcdef"
	when     = "2024-01-11 03:14:55, "
	infoCBS  = when + "Info                  CBS    "
	errorCBS = when + "Error                 CBS    "
	infoCSI  = when + "Info                  CSI    "
	errorCSI = when + "Error                 CSI    "
)

// What lines of servicing logs mean, and what they name: kind, then the fields in the order of their names.
var faultLines = map[string]struct {
	log  string
	want []string
}{
	"a newer stack": {
		errorCBS + `Package "Package_for_KB4103723~31bf3856ad364e35~amd64~~10.0.1.2" requires Servicing Stack v10.0.14393.2248 but current Servicing Stack is v10.0.14393.2214. [HRESULT = 0x800f0823 - CBS_E_NEW_SERVICING_STACK_REQUIRED]`,
		[]string{"servicing-stack-required current=10.0.14393.2214 name=Package_for_KB4103723~31bf3856ad364e35~amd64~~10.0.1.2 needed=10.0.14393.2248"},
	},
	"no stack": {
		infoCBS + `Failed to find a matching version for servicing stack: C:\Windows\WinSxS\amd64_x\ [HRESULT = 0x80070490 - ERROR_NOT_FOUND]`,
		[]string{`servicing-stack-missing path=C:\Windows\WinSxS\amd64_x\`},
	},
	"an update of a package": {
		infoCBS + `Failed to pin deployment while resolving Update: Package_676_for_KB4088787~31bf3856ad364e35~amd64~~10.0.1.1.4088787-1157_neutral_GDR from file: (null) [HRESULT = 0x80073701 - ERROR_SXS_ASSEMBLY_MISSING]`,
		[]string{"component-manifest-missing name=Package_676_for_KB4088787~31bf3856ad364e35~amd64~~10.0.1.1"},
	},
	"a damaged manifest, Windows 7's strings": {
		errorCSI + `0000001b (F) STATUS_FILE_CORRUPT_ERROR #3151# from Windows::Rtl::SystemImplementation::x, on:[l:212{106}]"\SystemRoot\WinSxS\Manifests\` + manifest + `.manifest"[gle=0xd0000102]`,
		[]string{"manifest-damaged component=" + manifest + ` path=\SystemRoot\WinSxS\Manifests\` + manifest + ".manifest"},
	},
	"a resource on the next line": {
		errorCSI + "00000012 Store corruption detected in function Windows::X expected 0\n  on resource [l:40]'\\Registry\\Machine\\COMPONENTS\\\\StoreDirty'",
		[]string{`manifest-damaged path=\Registry\Machine\COMPONENTS\\StoreDirty`},
	},
	"a delta's base": {
		errorCBS + "Matching binary: ntfs.sys missing for component: " + manifest,
		[]string{"delta-base-missing component=" + manifest + " name=ntfs.sys"},
	},
	"a delta's code": {
		infoCBS + "Failed to pre- stage package: Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.3930.1.7 [HRESULT = 0x800f0988 - PSFX_E_INVALID_DELTA_COMBINATION]",
		[]string{"delta-base-missing name=Package_for_RollupFix~31bf3856ad364e35~amd64~~19041.3930.1.7"},
	},
	"a folder of the start menu": {
		errorCSI + `00000021 (F) STATUS_OBJECT_NAME_NOT_FOUND #4096# from Windows::Rtl::SystemImplementation::DirectFileSystemProvider::SysCreateFile(flags = 0), oa = @0x1, on:[69]"\??\C:\ProgramData\Microsoft\Windows\Start Menu\Programs\System Tools"[gle=0xd0000034]`,
		[]string{`shell-folder-missing path=C:\ProgramData\Microsoft\Windows\Start Menu\Programs\System Tools`},
	},
	"a folder of the store is none of the shell's": {
		errorCSI + `00000021 (F) STATUS_OBJECT_NAME_NOT_FOUND #4096# from Windows::Rtl::X::SysCreateFile(flags = 0), on:[30]"\??\C:\Windows\WinSxS\Temp\a"[gle=0xd0000034]`,
		nil,
	},
	"a line that was wrapped": {
		errorCSI + "000000fc (F) Failed in StartService for\n[30]\"clr_optimization_v4.0.30319_32\" with error code 2[gle=0x80004005]\n",
		[]string{"service-start-failed name=clr_optimization_v4.0.30319_32"},
	},
	"a driver's line that was wrapped": {
		infoCBS + "Doqe: Recording result: 0x80070003, for Inf:\nntprint4.inf\n" + errorCBS + "next",
		[]string{"driver-failed name=ntprint4.inf"},
	},
	"a package's line that was wrapped": {
		infoCBS + "Store corruption, manifest missing for package:\nPackage_1_for_KB1000001~31bf3856ad364e35~amd64~~6.1.1.0\n" + errorCBS + "next",
		[]string{"package-manifest-missing name=Package_1_for_KB1000001~31bf3856ad364e35~amd64~~6.1.1.0"},
	},
	"a package that cannot be resolved": {
		errorCBS + "Failed to resolve package 'Package_1_for_KB1000001~31bf3856ad364e35~amd64~~6.1.1.0' [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]\n" +
			infoCBS + "Failed to resolve package [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]",
		[]string{"package-manifest-missing name=Package_1_for_KB1000001~31bf3856ad364e35~amd64~~6.1.1.0"},
	},
	"a task by its path": {
		errorCSI + `0000001c InstallTaskOnline: RegisterTask failed for \Microsoft\Windows\Maps\MapsUpdateTask, error 0x80070002`,
		[]string{`task-failed name=\Microsoft\Windows\Maps\MapsUpdateTask`},
	},
	"a damaged download is no damaged store": {
		errorCBS + "Failed to extract files from cabinet update.cab [HRESULT = 0x80070570 - ERROR_FILE_CORRUPT]", nil,
	},
	"no heads": {
		"Failed to find file: x_y\nPending transaction content must be resolved, cannot begin another transaction yet\nFailed in StartService for [3]\"clr\" with error code 2\n",
		[]string{"pending-unresolved", "service-start-failed name=clr"},
	},
	"an invalid package": {
		infoCBS + "Appl: Evaluating package applicability for package Package_for_KB4049411~31bf3856ad364e35~amd64~~10.0.1.0, applicable state: Installed Invalid",
		[]string{"package-invalid name=Package_for_KB4049411~31bf3856ad364e35~amd64~~10.0.1.0"},
	},
	"an ordinary package": {
		infoCBS + "Appl: Evaluating package applicability for package Package_for_KB4049411~31bf3856ad364e35~amd64~~10.0.1.0, applicable state: Installed",
		nil,
	},
	"a code without the words": {
		errorCBS + "Something else [HRESULT = 0x80070002 - ERROR_FILE_NOT_FOUND]\n" + errorCBS + "Another [HRESULT = 0x800f0922 - CBS_E_INSTALLERS_FAILED]", nil,
	},
	"manifests of the store's check": {
		infoCBS + "(p)\tCSI Manifest Corrupt\t(n)\t\t\t" + manifest + "\n" + infoCBS + "(p)\tCBS MUM Missing\t(n)\t\t\tPackage_1_for_KB1000001~31bf3856ad364e35~amd64~~6.1.1.0\n",
		[]string{"manifest-damaged component=" + manifest, "package-manifest-missing name=Package_1_for_KB1000001~31bf3856ad364e35~amd64~~6.1.1.0"},
	},
}

func TestFaults(t *testing.T) {
	for name, tc := range faultLines {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "CBS.log")
			writeFile(t, file, []byte(infoCBS+"Starting TrustedInstaller initialization.\n"+tc.log+"\n"))
			if strings.HasPrefix(tc.log, "Failed") {
				writeFile(t, file, []byte(tc.log))
			}
			var got []string
			for e := range ofLogs(t, file).Of() {
				if e.Kind != evidence.PayloadMissing {
					got = append(got, told(e))
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// told gives an event's kind and fields in one line.
func told(e *evidence.Event) string {
	line := string(e.Kind)
	for _, k := range []string{evidence.Component, evidence.Current, evidence.Name, evidence.Needed, evidence.Path} {
		if v := e.Field(k); v != "" {
			line += " " + k + "=" + v
		}
	}
	return line
}
