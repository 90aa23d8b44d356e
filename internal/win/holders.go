package win

// MaxHeld is how many files Holders asks about at most: the Restart Manager gets slow, and refuses, beyond some hundreds.
const MaxHeld = 500

// Holder is a process that has something open.
type Holder struct {
	PID      uint32
	Name     string // of the program, as the Restart Manager shows it
	Services string // short name of the service that it runs, empty for none
}
