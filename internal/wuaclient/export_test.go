package wuaclient

import (
	"github.com/redx-update/redx/internal/evidence"
	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// Events gives the tests what History makes of an answer.
func Events(a *protocol.Answer) []evidence.Event { return events(a.Attempts) }
