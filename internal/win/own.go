package win

// Spec is a service of redx's own. It runs in a process of its own as LocalSystem, and starts with Windows.
type Spec struct {
	Name        string
	Title       string // as the list of services shows it
	Description string
	Program     string // its full path
	Args        []string
}
