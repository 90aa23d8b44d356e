package agent

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/redx-update/redx/internal/maintenance"
	"github.com/redx-update/redx/internal/repair"
)

// Policy says when the agent acts and how far it may go. Its zero value is no policy; DefaultPolicy is.
type Policy struct {
	Every       Duration            // between two visits; one is up to a fifth earlier, so that a fleet does not come at once
	Categories  []Category          // that are scanned for; none: all
	Drivers     bool                // drivers are asked for as well
	FirstWithin Duration            // the first visit after a start comes at some moment within this
	RetryAfter  Duration            // after the first failure; doubled by each further one, up to Every
	Window      maintenance.Windows // when updates may be installed unattended; none: always
	MayRestart  bool                // updates that can ask for a restart may be installed unattended
	Bandwidth   int64               // bytes a second of downloads; 0: no limit
	TriesPerDay int                 // attempts of one update within any 24 hours, unattended
	HealsPerDay int                 // repairs for one update within any 24 hours
	HealWithin  Duration            // a repair begins at some moment within this after the failure
	Rungs       []repair.Rung
}

// DefaultPolicy visits as often as Windows' own agent does, and mends with the least rung alone.
func DefaultPolicy() Policy {
	return Policy{
		Every: Duration(22 * time.Hour), FirstWithin: Duration(10 * time.Minute), RetryAfter: Duration(15 * time.Minute),
		Drivers: true, TriesPerDay: 4, HealsPerDay: 1, HealWithin: Duration(10 * time.Minute), Rungs: []repair.Rung{repair.UpdateFolder},
	}
}

// Duration is a time.Duration as text, such as "22h".
type Duration time.Duration

// UnmarshalText takes what time.ParseDuration takes, and nothing negative.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err == nil && v < 0 {
		err = errors.New("a negative duration")
	}
	*d = Duration(v)
	return err
}

// file is the policy as it stands in TOML.
type file struct {
	Visit struct {
		Every       *Duration  `toml:"every"`
		FirstWithin *Duration  `toml:"first_within"`
		RetryAfter  *Duration  `toml:"retry_after"`
		Categories  []Category `toml:"categories"`
		Drivers     *bool      `toml:"drivers"`
	} `toml:"visit"`
	Install struct {
		Window      []string `toml:"window"`
		MayRestart  *bool    `toml:"may_restart"`
		TriesPerDay *int     `toml:"tries_per_day"`
	} `toml:"install"`
	Download struct {
		Bandwidth *int64 `toml:"bytes_per_second"`
	} `toml:"download"`
	Heal struct {
		Rungs  *[]repair.Rung `toml:"rungs"`
		PerDay *int           `toml:"per_day"`
		Within *Duration      `toml:"within"`
	} `toml:"heal"`
}

// ParsePolicy reads a policy file. What is not in it is as in DefaultPolicy; a name that is not known is an error, so that
// a slip of the pen does not pass for a setting.
func ParsePolicy(text string) (Policy, error) {
	var f file
	m, err := toml.Decode(text, &f)
	if err != nil {
		return DefaultPolicy(), err
	}
	if unknown := m.Undecoded(); len(unknown) > 0 {
		return DefaultPolicy(), fmt.Errorf("no such setting: %s", unknown[0])
	}
	return f.policy()
}

func (f *file) policy() (Policy, error) {
	p := DefaultPolicy()
	set(&p.Every, f.Visit.Every)
	set(&p.FirstWithin, f.Visit.FirstWithin)
	set(&p.RetryAfter, f.Visit.RetryAfter)
	set(&p.Drivers, f.Visit.Drivers)
	p.Categories = f.Visit.Categories
	set(&p.MayRestart, f.Install.MayRestart)
	set(&p.TriesPerDay, f.Install.TriesPerDay)
	set(&p.Bandwidth, f.Download.Bandwidth)
	set(&p.Rungs, f.Heal.Rungs)
	set(&p.HealsPerDay, f.Heal.PerDay)
	set(&p.HealWithin, f.Heal.Within)
	for _, w := range f.Install.Window {
		one, err := maintenance.ParseWindow(w)
		if err != nil {
			return p, fmt.Errorf("install.window: %w", err)
		}
		p.Window = append(p.Window, one)
	}
	return p, p.check()
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// Bounds that keep a policy from making an agent that never sleeps.
const (
	leastEvery = time.Minute
	leastRetry = time.Second
)

// rungs that a policy may allow: transfer jobs are cancelled by people alone, since that cannot be undone.
var allowable = []repair.Rung{repair.UpdateFolder, repair.Download, repair.DataStore, repair.SoftwareDistribution, repair.Catroot2}

func (p *Policy) check() error {
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	want(time.Duration(p.Every) >= leastEvery, "visit.every must be at least %s", leastEvery)
	want(time.Duration(p.RetryAfter) >= leastRetry, "visit.retry_after must be at least %s", leastRetry)
	want(p.TriesPerDay >= 1 && p.TriesPerDay <= maxTries, "install.tries_per_day must be between 1 and %d", maxTries)
	want(p.HealsPerDay >= 0 && p.HealsPerDay <= maxTries, "heal.per_day must be between 0 and %d", maxTries)
	want(len(p.Categories) <= maxCategories, "visit.categories must not be more than %d", maxCategories)
	want(p.Bandwidth >= 0, "download.bytes_per_second must not be negative")
	for _, r := range p.Rungs {
		want(slices.Contains(allowable, r), "heal.rungs: %q is none of %v", r, allowable)
	}
	return errors.Join(errs...)
}

// maxCategories is what servers take: below 200 words of at most two each.
const maxCategories = 99

// maxTries bounds what a policy may allow, and with it what is remembered of an update.
const maxTries = 96
