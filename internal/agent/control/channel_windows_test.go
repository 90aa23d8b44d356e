package control_test

import "testing"

func agentFolder(t *testing.T) string { return t.TempDir() }
