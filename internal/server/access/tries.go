package access

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// How many logins may fail: at once, and then one more after each pause. Of one user, whoever tries; of one address,
// whichever user.
const (
	triesAtOnce = 10
	tryAgain    = time.Minute
	maxTried    = 20000
)

// tries counts the logins that failed. It forgets what has no say any more, and holds a bounded number of names: when
// there are more, nobody new can try for a while.
type tries struct {
	mu  sync.Mutex
	all map[string]tried
}

// tried is how much is used up, as of a time.
type tried struct {
	used float64
	at   time.Time
}

func (v tried) now(now time.Time) float64 {
	return max(0, v.used-now.Sub(v.at).Seconds()/tryAgain.Seconds())
}

// take uses up a try of each key, or none when one of them has none left; it then says how long to wait.
func (t *tries) take(now time.Time, keys ...string) (time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		if over := t.all[k].now(now) + 1 - triesAtOnce; over > 0 {
			return time.Duration(over * float64(tryAgain)), false
		}
	}
	if len(t.all)+len(keys) > maxTried && !t.sweep(now, len(keys)) {
		return tryAgain, false
	}
	for _, k := range keys {
		t.all[k] = tried{t.all[k].now(now) + 1, now}
	}
	return 0, true
}

// sweep makes room.
func (t *tries) sweep(now time.Time, n int) bool {
	for k, v := range t.all {
		if v.now(now) == 0 {
			delete(t.all, k)
		}
	}
	return len(t.all)+n <= maxTried
}

// give takes back what a login that did not fail has used up.
func (t *tries) give(now time.Time, keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keys {
		t.all[k] = tried{max(0, t.all[k].now(now)-1), now}
	}
}

func userKey(name string) string { return "user " + strings.ToLower(name) }

// addressKey is the address; of IPv6 the network, since a host there has as many addresses as it likes.
func addressKey(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "address " + address
	}
	if a = a.Unmap(); a.Is4() {
		return "address " + a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return "address " + address
	}
	return "address " + p.String()
}
