//go:build race

package main

// raceEnabled says that the program looks for races, and takes many times the memory and time.
const raceEnabled = true
