// Package repair turns findings into a plan: the least that can help, rung by rung, what it touches and costs, and
// what redx leaves alone. It is pure: it sees findings and a Scene of facts, and neither reads nor changes a machine.
//
// Its invariant is a closed list. What redx does by itself can only be said in the types of this package, and paths
// are never carried but computed from a Root and a Target, so neither a finding nor a forged journal can name another
// folder. Everything else is Advice. Acts that cannot be undone are a type of their own (Irreversible).
package repair

// Rung is one step of the ladder of repairs, the least first.
type Rung string

// The rungs, in their order.
const (
	UpdateFolder         Rung = "update-folder"         // the download folder of one update
	Download             Rung = "download"              // SoftwareDistribution\Download
	DataStore            Rung = "datastore"             // SoftwareDistribution\DataStore
	SoftwareDistribution Rung = "software-distribution" // all of it, as KB 910336 has it
	Catroot2             Rung = "catroot2"              // System32\catroot2, never catroot
	TransferJobs         Rung = "transfer-jobs"         // Windows Update's own BITS jobs; cannot be undone
)

// ladder is the order of the rungs.
var ladder = []Rung{UpdateFolder, Download, DataStore, SoftwareDistribution, Catroot2, TransferJobs}

// Bytes is a size; Unknown when nobody knows it.
type Bytes int64

// Unknown is a size that is not known.
const Unknown Bytes = -1

// plus adds what is known; two unknown sizes stay unknown.
func (b Bytes) plus(o Bytes) Bytes {
	switch {
	case b == Unknown:
		return o
	case o == Unknown:
		return b
	default:
		return b + o
	}
}

// Step is one rung of a plan: the folders that move away in one transaction. A later step is taken only when the
// one before did not help.
type Step struct {
	Rung      Rung
	BecauseOf []string // IDs of the findings; none for the article's procedure
	Moves     []Move
	Services  []string // held and stopped meanwhile, in this order; none offline
	Download  Bytes    // what must come again, as far as known
	Disk      Bytes    // what the disk must have free beside the kept copies, as far as known
	Restart   bool     // whether it is known to need a restart of Windows
}

// Reversible reports whether the step can be undone. All steps can; see Plan.Last for acts that cannot.
func (s Step) Reversible() bool { return true }

// Move is a folder and the name under which it is kept.
type Move struct {
	Target Target
	Copy   Copy
}

// Advice is a fix that redx does not do by itself.
type Advice struct {
	Command   string // exact, for an elevated Command Prompt of that Windows
	Risk      string
	BecauseOf []string
}

// Left is something that is not touched, and why.
type Left struct{ What, Why string }

// Plan is what follows from findings. With Refusals there are no steps: nothing may be touched.
type Plan struct {
	Root    Root
	Machine string // MachineGuid of the installation, empty when not known
	Article bool   // the procedure of KB 910336 was asked for by name
	Checked bool   // the refusals could be looked for; not so with logs alone
	Steps   []Step
	Last    []Irreversible // none unless allowed; done after everything else
	// LastBecause are the IDs of the findings that Last is for.
	LastBecause []string
	LeftAlone   []Left
	Advice      []Advice
	Turn        []string // whose turn it is when there is nothing for redx to do
	Warnings    []string // why what was asked for will not help
	Refusals    []Refusal
}

// Empty reports that there is nothing for redx to do.
func (p *Plan) Empty() bool { return len(p.Steps) == 0 && len(p.Last) == 0 }
