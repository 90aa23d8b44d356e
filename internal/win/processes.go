package win

// Process is a program that runs.
type Process struct {
	PID  uint32
	Name string // of its file, without a folder: TiWorker.exe
}
