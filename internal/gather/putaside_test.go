package gather

import "testing"

func TestPutAside(t *testing.T) {
	for path, want := range map[string]bool{
		`C:\Windows\SoftwareDistribution\DataStore\DataStore.edb`: false,
		`SoftwareDistribution\DataStore\DataStore.edb`:            false,
		`logs\DataStore.edb`: false,
		`DataStore.edb`:      false,
		`C:\Windows\SDTemp\DataStore\DataStore.edb`:                   true,
		`SDTemp.2\DataStore\DataStore.edb`:                            true,
		`C:\Windows\SDTemp.DataStore\DataStore.edb`:                   true,
		`C:\Windows\SoftwareDistribution.old\DataStore\DataStore.edb`: true,
		`C:\Windows\softwaredistribution_1\DataStore\DataStore.edb`:   true,
		`C:\Windows\SoftwareDistribution\DataStore.bak\DataStore.edb`: true,
	} {
		if got := putAside.MatchString(path); got != want {
			t.Errorf("%s: put aside %v, want %v", path, got, want)
		}
	}
}
