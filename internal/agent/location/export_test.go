package location

// Since32 tells whether a server of that version has scans of categories.
func Since32(version string) bool { return (&Config{Protocol: version}).since(3, 2) }
