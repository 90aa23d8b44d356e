package access

import (
	"fmt"
	"testing"
	"time"
)

// TestTriesAreBounded: names that come once cannot fill the memory.
func TestTriesAreBounded(t *testing.T) {
	now := time.Now()
	v := tries{all: map[string]tried{}}
	for i := range maxTried {
		if wait, ok := v.take(now, fmt.Sprint(i)); !ok {
			t.Fatalf("name %d waits %v", i, wait)
		}
	}
	if wait, ok := v.take(now, "one more"); ok || wait != tryAgain || len(v.all) != maxTried {
		t.Errorf("one more: %v, %v; %d are kept", wait, ok, len(v.all))
	}
	if _, ok := v.take(now.Add(tryAgain), "one more"); !ok || len(v.all) != 1 {
		t.Errorf("when all have had their pause: %v, %d are kept", ok, len(v.all))
	}
}

func TestAddressKey(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "address 192.0.2.1", "::ffff:192.0.2.1": "address 192.0.2.1", "2001:db8:1:2:3:4:5:6": "address 2001:db8:1:2::/64",
		"fe80::1%eth0": "address fe80::/64", "@": "address @",
	} {
		if got := addressKey(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}
