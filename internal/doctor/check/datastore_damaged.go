package check

import (
	"slices"
	"strings"

	"github.com/redx-update/redx/internal/doctor"
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/hresult"
)

// datastoreCodes are the update agent's own words for a database that it cannot use (wuerror.h).
var datastoreCodes = []hresult.Code{
	0x80248002, // WU_E_DS_INVALID
	0x80248003, // WU_E_DS_TABLEMISSING
	0x80248004, // WU_E_DS_TABLEINCORRECT
	0x80248006, // WU_E_DS_BADVERSION
	0x80248011, // WU_E_DS_UNABLETOSTART
	0x8024801b, // WU_E_DS_SCHEMAMISMATCH
	0x8024801c, // WU_E_DS_RESETREQUIRED
}

// noDamage are errors of the database engine that say nothing of the database: a file is held, is not there (as after a
// reset), the disk is full, or whoever asked asked wrongly or in a bad moment. The cryptographic services of a new Windows
// 10 report -1409 once and go on (seen in the logs of two healthy machines).
var noDamage = []hresult.Code{
	0xc8000408, // JET_errFileAccessDenied
	0xc8000713, // JET_errFileNotFound
	0xc80003ff, // JET_errInvalidPath
	0xc8000710, // JET_errDiskFull
	0xc8000211, // JET_errLogDiskFull

	0xc80003e8, // JET_errTermInProgress
	0xc80003eb, // JET_errInvalidParameter
	0xc80003f3, // JET_errOutOfMemory
	0xc80003f6, // JET_errOutOfBuffers
	0xc8000405, // JET_errNotInitialized
	0xc8000406, // JET_errAlreadyInitialized
	0xc800042d, // JET_errVersionStoreOutOfMemory
	0xc8000442, // JET_errInstanceUnavailable
	0xc80004b2, // JET_errDatabaseInUse
	0xc8000517, // JET_errTableDuplicate
	0xc8000531, // JET_errClientRequestToStopJetService
	0xc800057b, // JET_errIndexDuplicate
	0xc8000581, // JET_errInvalidCreateIndex
	0xc8000711, // JET_errPermissionDenied
	0xc8000773, // JET_errAccessDenied
}

// DatastoreDamaged finds a database of the update agent (DataStore.edb) that the engine or the agent cannot use, and
// that nothing has used since.
func DatastoreDamaged() doctor.Check {
	return doctor.Check{
		ID:            "datastore-damaged",
		Title:         "The update agent's database is damaged",
		Reads:         []evidence.Kind{evidence.DatabaseDamaged, evidence.Trouble, evidence.Attempt, evidence.ScanDone, evidence.ScanFailed, evidence.PutAside},
		ConsequenceOf: []string{"disk-full"},
		Run:           datastoreDamaged,
	}
}

func datastoreDamaged(x *doctor.Exam) []doctor.Finding {
	damage := damagedDatabases(x.Evidence, func(e *evidence.Event) bool {
		return within(e.Field(evidence.Path), `\SoftwareDistribution\DataStore\`) ||
			strings.Contains(e.Field(evidence.Name), "SUS20ClientDataStore")
	})
	words := unhealed(x.Evidence, datastoreWords(x.Evidence))
	fails := slices.DeleteFunc(standing(x), func(s stuck) bool { return !ofDatastore(s.last.Code) })
	own, alone := ownDatabase(damage)
	if alone {
		return []doctor.Finding{ownDamaged(x, own, damage, fails)}
	}
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails),
		Title: "The update agent's database (DataStore.edb) is damaged",
		Detail: "Windows Update keeps what it has found, downloaded and installed in this database. While it cannot be read, " +
			"updates are not found or not installed. Put it aside; Windows builds it anew. Installed updates stay installed, " +
			"and redx history still reads the old list.",
		Files: []doctor.File{{Path: rootOf(x.Evidence) + `\SoftwareDistribution\DataStore\DataStore.edb`}},
		Codes: slices.Concat(codesOf(damage), codesOf(words), codes),
		Proof: slices.Concat(proofOf(damage, 3), attempts, proofOf(words, 3)),
		Next: []string{
			"net stop wuauserv", `ren %windir%\SoftwareDistribution\DataStore ` + asideIn(x.Evidence, "DataStore"), "net start wuauserv",
			openWindowsUpdate,
		},
	}
	if own != "" {
		f.Files = append(f.Files, doctor.File{Path: own})
	}
	if len(damage) > 0 {
		weigh(x, &f, damage)
	} else {
		if len(fails) == 0 && !tell(x.Evidence, words) {
			return nil
		}
		f.Confidence = doctor.Likely
		f.Surer = `the database engine's own word: events 412, 454 or 474 of ESENT in the Application log, or esentutl /g on the file`
	}
	repairFirst(&f)
	settle(&f, x.Evidence)
	takenAway(&f, x.Evidence, rootOf(x.Evidence)+`\SoftwareDistribution\DataStore`)
	return []doctor.Finding{f}
}

// agentsFolder is where the update agent of redx itself keeps its files on a Windows whose own agent does the updates.
const agentsFolder = `\ProgramData\redx\SoftwareDistribution\`

// forOwnAgent names redx's agent where all files are its own: neither Windows' nor a repair of Windows' has to do with them.
func forOwnAgent(f *doctor.Finding) {
	elsewhere := func(file doctor.File) bool { return !within(file.Path, agentsFolder) }
	if len(f.Files) > 0 && !slices.ContainsFunc(f.Files, elsewhere) {
		f.Next = []string{"redx agent status"}
	}
}

// ownDatabase gives the database of redx's own agent, "" when that is not damaged, and whether no other is.
func ownDatabase(damage []*evidence.Event) (own string, alone bool) {
	alone = true
	for _, e := range damage {
		if path := e.Field(evidence.Path); within(path, agentsFolder) {
			own = path
		} else {
			alone = false
		}
	}
	return own, alone && own != ""
}

// ownDamaged is the finding about that one. Windows' own agent has nothing to do with it.
func ownDamaged(x *doctor.Exam, path string, damage []*evidence.Event, fails []stuck) doctor.Finding {
	attempts, codes := attemptsOf(fails)
	f := doctor.Finding{
		Severity: doctor.Error, Confidence: doctor.Proven, Update: oneUpdate(fails),
		Title: "The database of redx's own update agent (DataStore.edb) is damaged",
		Detail: "redx's agent keeps in it what it has found, downloaded and installed. It puts the database aside and builds it anew at its next visit, " +
			"if its policy lets it. Windows' own agent has another, which is not concerned.",
		Files: []doctor.File{{Path: path}},
		Codes: slices.Concat(codesOf(damage), codes),
		Proof: slices.Concat(proofOf(damage, 3), attempts),
	}
	forOwnAgent(&f)
	weigh(x, &f, damage)
	settle(&f, x.Evidence)
	takenAway(&f, x.Evidence, path[:max(0, strings.LastIndexByte(path, '\\'))])
	return f
}

// datastoreWords gives the lines in which the agent says that it cannot use its database, in its own codes or in those of
// the engine.
func datastoreWords(set *evidence.Set) []*evidence.Event {
	words := troubled(set, datastoreCodes)
	for e := range set.Of(evidence.Trouble, evidence.ScanFailed) {
		known := e.Kind == evidence.Trouble && slices.Contains(datastoreCodes, e.Code)
		if !known && ofDatastore(e.Code) {
			words = append(words, e)
		}
	}
	return words
}

// ofDatastore reports a code that says in the agent's words, or in the engine's, that the database cannot be used.
func ofDatastore(c hresult.Code) bool {
	return slices.Contains(datastoreCodes, c) || isEngine(c) && !slices.Contains(noDamage, c)
}

// isEngine reports a code of the database engine.
func isEngine(c hresult.Code) bool { return c>>16 == 0xc800 }

// damagedDatabases gives the accounts of a damaged database that want accepts and that no update has refuted since.
func damagedDatabases(set *evidence.Set, want func(*evidence.Event) bool) []*evidence.Event {
	var out []*evidence.Event
	well := agentWentWell(set)
	for e := range set.Of(evidence.DatabaseDamaged) {
		if !want(e) || slices.Contains(noDamage, e.Code) {
			continue
		}
		if seenNow(e) || !well.after(e) {
			out = append(out, e)
		}
	}
	return out
}

// weigh takes back what a damaged file alone does not carry: a copy among collected logs may have been torn by copying,
// and while no update fails, the damage has not done anything yet.
func weigh(x *doctor.Exam, f *doctor.Finding, damage []*evidence.Event) {
	if slices.ContainsFunc(damage, func(e *evidence.Event) bool { return !seenNow(e) }) {
		return
	}
	if !x.Evidence.Machine.Present {
		f.Confidence = doctor.Likely
		f.Surer = "the database where it lives, since a copy of a file in use can be torn: redx diagnose --image DIR"
	}
	if len(standing(x)) == 0 {
		f.Severity = doctor.Warning
	}
}

// seenNow tells what was seen on the installation itself from what a log tells of the past.
func seenNow(e *evidence.Event) bool { return e.Source.Line == 0 && e.Source.Record == 0 }

// agentWentWell are the signs that the update agent works: it has searched or installed.
func agentWentWell(set *evidence.Set) signs {
	return wentWell(set, func(e *evidence.Event) bool { return e.Kind == evidence.ScanDone || installed(e) },
		evidence.Attempt, evidence.ScanDone)
}

// unhealed gives those events behind which the update agent has not worked again.
func unhealed(set *evidence.Set, events []*evidence.Event) []*evidence.Event {
	well := agentWentWell(set)
	return slices.DeleteFunc(events, well.after)
}

// rootOf is the Windows folder of the installation, as a variable when it is not known.
func rootOf(set *evidence.Set) string {
	if set.Machine.SystemRoot == "" {
		return "%windir%"
	}
	return set.Machine.SystemRoot
}

// asideIn is a name for a folder that is put aside next to itself. It bears the time of the newest evidence, so that a
// second repair does not meet the name of the first.
func asideIn(set *evidence.Set, folder string) string {
	if t := newest(set); !t.IsZero() {
		return folder + ".old" + t.Format("20060102150405")
	}
	return folder + ".old"
}
