package gather

import (
	"regexp"
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/format/cbslog"
	"github.com/redx-update/redx/internal/hresult"
	"github.com/redx-update/redx/internal/servicing"
)

// faultRule says what a line of the servicing log means: by its words and, where it has one, by its code. A code
// alone never decides.
type faultRule struct {
	kind  evidence.Kind
	words []string       // all of them stand in the line
	codes []hresult.Code // one of them is the line's; nil for any or none
	// fields reads the thing concerned; nil when there is none to be named. It gives nil for a line that means
	// something else after all.
	fields func(text string) map[string]string
}

// The codes of the rules, by their names in winerror.h and in servicing's own messages.
const (
	codeNotFound        hresult.Code = 0x80070490 // ERROR_NOT_FOUND
	codeFileCorrupt     hresult.Code = 0x80070570 // ERROR_FILE_CORRUPT
	codeRebootRequired  hresult.Code = 0x80070BC9 // ERROR_FAIL_REBOOT_REQUIRED
	codeAssemblyMissing hresult.Code = 0x80073701 // ERROR_SXS_ASSEMBLY_MISSING
	codeStoreCorrupt    hresult.Code = 0x80073712 // ERROR_SXS_COMPONENT_STORE_CORRUPT
	codeSourceMissing   hresult.Code = 0x800F081F // CBS_E_SOURCE_MISSING
	codeStackRequired   hresult.Code = 0x800F0823 // CBS_E_NEW_SERVICING_STACK_REQUIRED
	codeFeatureRefused  hresult.Code = 0x800F0954
	codeHang            hresult.Code = 0x800F0920 // CBS_E_HANG_DETECTED
	codePackageCorrupt  hresult.Code = 0x800F0831 // CBS_E_STORE_CORRUPTION
	codeDeltaFirst      hresult.Code = 0x800F0980 // PSFX_E_...
	codeDeltaLast       hresult.Code = 0x800F0991
	codeNoCheckpoint    hresult.Code = 0x800F0838
	codeWIMMount        hresult.Code = 0xC1420121
)

// faultRules are asked in this order; the first that fits a line is what it means.
var faultRules = []faultRule{
	{kind: evidence.StackRequired, words: []string{"requires Servicing Stack v"}, fields: requiredStack},
	{kind: evidence.StackRequired, words: []string{"HRESULT"}, codes: []hresult.Code{codeStackRequired}, fields: packageInText},
	{kind: evidence.PackageManifestMissing, words: []string{"package"}, codes: []hresult.Code{codePackageCorrupt}, fields: packageOnly},
	{kind: evidence.StackMissing, words: []string{"Failed to find a matching version for servicing stack"}, fields: pathAtEnd},
	{kind: evidence.TempFailed, words: []string{"Error creating temporary file"}},
	{kind: evidence.TempFailed, words: []string{"HRESULT"}, codes: folderCodes, fields: tempFolder},
	{kind: evidence.DriverQueueDamaged, words: []string{"Failed reading Identity for driver operation"}},
	{kind: evidence.ServiceStartFailed, words: []string{"Failed in StartService for"}, fields: firstString},
	{kind: evidence.ServiceStartFailed, words: []string{"NgenOnlineServiceTickler"}, codes: missingCodes, fields: ngenService},
	{kind: evidence.TaskFailed, words: []string{"RegisterTask failed"}, fields: taskName},
	{kind: evidence.PendingUnresolved, words: []string{"Pending transaction content must be resolved"}},
	{kind: evidence.PendingUnresolved, words: []string{"pending repair transaction already exists"}},
	{kind: evidence.PendingUnresolved, words: []string{"sessions are pended with exclusive flag set"}},
	{kind: evidence.PendingUnresolved, words: []string{"A possible hang was detected on the last boot"}},
	{kind: evidence.PendingUnresolved, words: []string{"HRESULT"}, codes: []hresult.Code{codeRebootRequired, codeHang}},
	{kind: evidence.PackageInvalid, words: []string{"Installed Invalid"}, fields: packageInText},
	{kind: evidence.DeltaBaseMissing, words: []string{"Matching binary:", "missing for component"}, fields: deltaBase},
	{kind: evidence.ComponentManifestMissing, words: []string{"SXS_ASSEMBLY_MISSING"}, fields: assemblyInText},
	{kind: evidence.ManifestDamaged, words: []string{"Manifest hash mismatch"}, fields: storeResource},
	{kind: evidence.ManifestDamaged, words: []string{"Manifest hash for component", "does not match"}, fields: storeResource},
	{kind: evidence.ManifestDamaged, words: []string{"STATUS_FILE_CORRUPT_ERROR"}, fields: storeResource},
	{kind: evidence.ManifestDamaged, words: []string{"Store corruption detected in function"}, fields: storeResource},
	{kind: evidence.ShellFolderMissing, words: []string{"STATUS_OBJECT_NAME_NOT_FOUND", "SysCreateFile"}, fields: shellFolder},
	{kind: evidence.ShellFolderMissing, words: []string{"STATUS_OBJECT_PATH_NOT_FOUND", "SysCreateFile"}, fields: shellFolder},
	{kind: evidence.SourceMissing, words: []string{"Failed to collect payload and there is nothing to repair"}},
	{kind: evidence.SourceMissing, words: []string{"HRESULT"}, codes: []hresult.Code{codeSourceMissing, codeStoreCorrupt}},
	{kind: evidence.SourceMissing, words: []string{"SXS_COMPONENT_STORE_CORRUPT"}},
	{kind: evidence.ManifestDamaged, words: []string{"HRESULT"}, codes: []hresult.Code{codeFileCorrupt}, fields: corruptFile},
	{kind: evidence.FeatureRefused, words: []string{"HRESULT"}, codes: []hresult.Code{codeFeatureRefused}, fields: packageInText},
}

// folderCodes are the errors of a folder that is not there or on a drive that is not.
var folderCodes = []hresult.Code{hresult.FileNotFound, hresult.PathNotFound, 0x8007000f, 0x80070015, 0x8007010b}

var missingCodes = []hresult.Code{hresult.FileNotFound, hresult.PathNotFound}

// faultOf gives the meaning of a line, of component CBS, CSI or none.
func faultOf(text string, code hresult.Code) (kind evidence.Kind, fields map[string]string, ok bool) {
	for i := range faultRules {
		r := &faultRules[i]
		if r.codes != nil && !slices.Contains(r.codes, code) || !containsAll(text, r.words) {
			continue
		}
		if r.fields == nil {
			return r.kind, nil, true
		}
		if fields := r.fields(text); fields != nil {
			return r.kind, fields, true
		}
	}
	if (code >= codeDeltaFirst && code <= codeDeltaLast || code == codeNoCheckpoint) && strings.Contains(text, "HRESULT") {
		return evidence.DeltaBaseMissing, packageInText(text), true
	}
	return "", nil, false
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// fieldOf is the fields of a thing that has one; without it there are none, and the line still counts.
func fieldOf(key, value string) map[string]string {
	if value == "" {
		return map[string]string{}
	}
	return map[string]string{key: value}
}

// packageInText names the package that a line names, if it does.
func packageInText(text string) map[string]string {
	return fieldOf(evidence.Name, packageName(text))
}

// packageOnly is packageInText for lines that mean nothing without a package.
func packageOnly(text string) map[string]string {
	if name := packageName(text); name != "" {
		return fieldOf(evidence.Name, name)
	}
	return nil
}

// packageName finds a package in a text, also where a line goes on behind its version: "Package_1_for_KB4103720~
// 31bf3856ad364e35~amd64~~10.0.1.2.4103720-4308_neutral_GDR" is an update of the package of version 10.0.1.2.
func packageName(text string) string {
	if p, ok := servicing.FindPackage(text); ok {
		return p.String()
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t,;:'\"()[]", r) }) {
		part := strings.SplitN(word, "~", 5)
		if len(part) < 5 {
			continue
		}
		number := strings.SplitN(part[4], ".", 5)
		part[4] = strings.Join(number[:min(len(number), 4)], ".")
		if p, ok := servicing.ParsePackage(strings.Join(part, "~")); ok {
			return p.String()
		}
	}
	return ""
}

// assemblyInText names what a line about a missing assembly names: a component, a package, or nothing.
func assemblyInText(text string) map[string]string {
	fields := packageInText(text)
	if c := componentName(text); c != "" {
		fields[evidence.Component] = c
	}
	return fields
}

// componentName finds the key form of a component in a text.
func componentName(text string) string {
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t,;:'\"()[]\\/", r) }) {
		if c, ok := servicing.ParseComponent(strings.TrimSuffix(word, ".manifest")); ok {
			return c.String()
		}
	}
	return ""
}

// firstString names the first string of a CSI line.
func firstString(text string) map[string]string {
	if s := cbslog.Strings(text); len(s) > 0 {
		return fieldOf(evidence.Name, s[0])
	}
	return map[string]string{}
}

// taskName names the scheduled task of a line: a string of CSI's, or a path that begins with a backslash.
func taskName(text string) map[string]string {
	if f := firstString(text); len(f) > 0 {
		return f
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(" \t,;'\"()[]", r) }) {
		if len(word) > 1 && word[0] == '\\' {
			return fieldOf(evidence.Name, strings.TrimRight(word, ".:"))
		}
	}
	return map[string]string{}
}

// corruptFile is for a line that says "file corrupt" and not of what. Of a cabinet it is the download that is damaged.
func corruptFile(text string) map[string]string {
	lower := strings.ToLower(text)
	for _, word := range []string{"extract", "expand", "cabinet", ".cab", ".psf", "dpx"} {
		if strings.Contains(lower, word) {
			return nil
		}
	}
	return storeResource(text)
}

// tempMade says that something temporary was to be made, not read or removed.
var tempMade = regexp.MustCompile(`(?i)\bcreat\w*\b.{0,40}\b(?:temp(?:orary)?|scratch)[ -]?(?:file|directory|dir|folder|path)\b`)

// tempFolder is for a line about a temporary file or folder that cannot be made; nil for any other.
func tempFolder(text string) map[string]string {
	if !tempMade.MatchString(text) {
		return nil
	}
	return map[string]string{}
}

// ngenService is for a line that says where the service was started from, not which it was.
func ngenService(string) map[string]string { return map[string]string{} }

// storeResource names the manifest or the other thing of the store that a line says is damaged.
func storeResource(text string) map[string]string {
	fields := map[string]string{}
	if c := componentName(text); c != "" {
		fields[evidence.Component] = c
	}
	for _, s := range append(cbslog.Strings(text), objectPath(text)) {
		if strings.Contains(s, `\`) && fields[evidence.Path] == "" {
			fields[evidence.Path] = plainPath(s)
		}
	}
	return fields
}

// plainPath takes the prefix of the object manager's names off a path.
func plainPath(p string) string {
	return strings.TrimPrefix(strings.TrimPrefix(p, `\??\`), `\\?\`)
}

// deltaBase names the file of "Matching binary: ntfs.sys missing for component: amd64_...".
func deltaBase(text string) map[string]string {
	_, rest, _ := strings.Cut(text, "Matching binary:")
	name, _, _ := strings.Cut(strings.TrimSpace(rest), " missing")
	fields := fieldOf(evidence.Name, strings.TrimSpace(name))
	if c := componentName(rest); c != "" {
		fields[evidence.Component] = c
	}
	return fields
}

// requiredStack reads "Package "P" requires Servicing Stack v10.0.14393.2248 but current Servicing Stack is v10.0...".
func requiredStack(text string) map[string]string {
	fields := packageInText(text)
	_, rest, _ := strings.Cut(text, "requires Servicing Stack v")
	needed, rest, _ := strings.Cut(rest, " ")
	fields[evidence.Needed] = strings.TrimRight(needed, ".,")
	if _, current, ok := strings.Cut(rest, "Servicing Stack is v"); ok {
		current, _, _ = strings.Cut(current, " ")
		fields[evidence.Current] = strings.TrimRight(current, ".,")
	}
	return fields
}

// pathAtEnd reads "...: C:\Windows\... [HRESULT = ...]".
func pathAtEnd(text string) map[string]string {
	head, _, _ := strings.Cut(text, " [HRESULT")
	if i := strings.Index(head, `:\`); i > 0 {
		return fieldOf(evidence.Path, strings.Trim(head[i-1:], ` '"`))
	}
	return map[string]string{}
}

// shellFolders are the folders outside of Windows' own that installers make links in.
var shellFolders = []string{`\programdata\`, `\users\public`, `\users\default`, `\users\all users`}

// shellFolder names the folder that a CSI line did not find; nil when it is another file than one of the shell's.
func shellFolder(text string) map[string]string {
	for _, s := range append(cbslog.Strings(text), objectPath(text)) {
		lower := strings.ToLower(s)
		for _, f := range shellFolders {
			if strings.Contains(lower, f) {
				return map[string]string{evidence.Path: plainPath(s)}
			}
		}
	}
	return nil
}
