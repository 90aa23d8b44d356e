package control

// Connect is for tests that say what no client says.
var Connect = connect
