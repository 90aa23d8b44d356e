package gather

import (
	"errors"
	"io/fs"
	"iter"
	"path"
	"strings"

	"github.com/redx-update/redx/internal/image"
	"github.com/redx-update/redx/internal/vault"
)

// places are the files of an installation that a failed update leaves traces in, below the system drive. An element
// may be a pattern as of path.Match; case does not matter. %windir% is the Windows folder.
var places = []string{
	`%windir%\Logs\CBS\*.log`,
	`%windir%\Logs\CBS\CbsPersist_*.cab`,
	`%windir%\Logs\DISM\*.log`,
	`%windir%\Logs\WindowsUpdate\*.etl`,
	`%windir%\Logs\SIH\*.etl`,
	`%windir%\Logs\waasmedic\*.etl`,
	`%windir%\WindowsUpdate.log`,
	`%windir%\SoftwareDistribution\ReportingEvents.log`,
	`%windir%\SoftwareDistribution\DataStore\DataStore.edb`,
	`%windir%\SDTemp*\ReportingEvents.log`,
	`%windir%\SDTemp*\DataStore\DataStore.edb`,
	`%windir%\SDTemp*\DataStore.edb`,
	`%windir%\SoftwareDistribution?*\ReportingEvents.log`,
	`%windir%\SoftwareDistribution?*\DataStore\DataStore.edb`,
	`%windir%\SoftwareDistribution\DataStore?*\DataStore.edb`,
	`%windir%\System32\catroot2\{*}\catdb`,
	`%windir%\System32\winevt\Logs\System.evtx`,
	`%windir%\System32\winevt\Logs\Setup.evtx`,
	`%windir%\System32\winevt\Logs\Application.evtx`,
	`%windir%\System32\winevt\Logs\Microsoft-Windows-WindowsUpdateClient*.evtx`,
	`%windir%\System32\winevt\Logs\Microsoft-Windows-Bits-Client*.evtx`,
	`%windir%\System32\winevt\Logs\Microsoft-Windows-CAPI2*.evtx`,
	`%windir%\System32\winevt\Logs\Microsoft-Windows-TaskScheduler*.evtx`,
	`%windir%\inf\setupapi.*.log`,
	`%windir%\PFRO.log`,
	`%windir%\WinSxS\poqexec.log`,
	`%windir%\Panther\setup*.log`,
	`%windir%\Panther\NewOs\Panther\setup*.log`,
	`%windir%\Panther\UnattendGC\setup*.log`,
	`\$WINDOWS.~BT\Sources\Panther\setup*.log`,
	`\$WINDOWS.~BT\Sources\Rollback\setup*.log`,
	`\ProgramData\Microsoft\Windows\WER\ReportArchive\*\Report.wer`,
	`\ProgramData\Microsoft\Windows\WER\ReportQueue\*\Report.wer`,
	`\ProgramData\Microsoft\Network\Downloader\qmgr.db`,
	`\ProgramData\USOPrivate\UpdateStore\store.db`,
	vault.Folder + `\SoftwareDistribution\ReportingEvents.log`, // of redx's own agent, which leaves Windows' folder alone
	vault.Folder + `\SoftwareDistribution\DataStore\DataStore.edb`,
	vault.Folder + `\SDTemp*\ReportingEvents.log`,
	vault.Folder + `\SDTemp*\DataStore\DataStore.edb`,
	vault.Folder + `\SDTemp*\DataStore.edb`,
	vault.Folder + `\` + vault.Name,
	vault.Folder + `\` + vault.Name + `.aside*`,
}

// candidates gives the files to look at: the known places of an installation, all files of a bundle.
func (g *gatherer) candidates() iter.Seq2[image.Entry, error] {
	if g.img.Kind() == image.Logs {
		return func(yield func(image.Entry, error) bool) {
			for e, err := range image.Walk(g.img.FS(), "") {
				if err == nil && e.Dir {
					continue
				}
				if !yield(e, err) {
					return
				}
			}
		}
	}
	return func(yield func(image.Entry, error) bool) {
		drive := g.img.SystemRoot()[:2]
		for _, p := range places {
			p = strings.Replace(p, "%windir%", g.img.SystemRoot(), 1)
			if p[0] == '\\' {
				p = drive + p
			}
			if !glob(g.img.FS(), "", strings.Split(p, `\`), yield) {
				return
			}
		}
	}
}

// takes reports that a file with this path may be of the form that it looks like. In a bundle of logs any may. In an
// installation saved evidence is none of Windows' files, and where every user can leave files, which are error reports and,
// at the top of the drive, the folders of setup, they are what belongs there: they do not pass for a log of servicing, whose
// lines prove what a repair is done for.
func (g *gatherer) takes(path, form string) bool {
	if g.img.Kind() == image.Logs {
		return true
	}
	switch path = strings.ToLower(path); {
	case form == savedEvidence:
		return false
	case strings.Contains(path, `\microsoft\windows\wer\`):
		return form == errorReport
	case strings.Contains(path, `\$windows.~bt\`):
		return form == setupLog
	}
	return true
}

// glob walks down one pattern. It reports false when the consumer wants no more.
func glob(fsys image.FS, dir string, rest []string, yield func(image.Entry, error) bool) bool {
	for len(rest) > 0 && !strings.ContainsAny(rest[0], "*?[") {
		dir = image.Join(dir, rest[0])
		rest = rest[1:]
	}
	if len(rest) == 0 {
		info, err := fsys.Stat(dir)
		return errors.Is(err, fs.ErrNotExist) || yield(image.Entry{Path: dir, Info: info}, err)
	}
	infos, err := fsys.ReadDir(dir)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist) || yield(image.Entry{Path: dir}, err)
	}
	for _, info := range infos {
		last := len(rest) == 1
		if info.Dir && last {
			continue // a pattern's last element names files
		}
		if ok, _ := path.Match(strings.ToLower(rest[0]), strings.ToLower(info.Name)); !ok {
			continue
		}
		at := image.Join(dir, info.Name)
		if last && !yield(image.Entry{Path: at, Info: info}, nil) || !last && !glob(fsys, at, rest[1:], yield) {
			return false
		}
	}
	return true
}
