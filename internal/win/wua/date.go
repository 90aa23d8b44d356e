package wua

import (
	"math"
	"time"
)

// oleDate turns a DATE, days since 30 December 1899, into a time; the agent's are UTC. Zero for what is none.
func oleDate(days float64) time.Time {
	const first, last = -657434, 2958466 // the years 100 and 9999, as oleaut32 has them
	if math.IsNaN(days) || days <= first || days >= last || days == 0 {
		return time.Time{}
	}
	// Before the epoch the fraction counts forward from the day all the same.
	whole, part := math.Modf(days)
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	day := epoch.AddDate(0, 0, int(whole))
	return day.Add(time.Duration(math.Round(math.Abs(part)*24*60*60)) * time.Second)
}
