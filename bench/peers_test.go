package bench

import (
	_ "github.com/Velocidex/ordereddict"

	_ "github.com/redx-update/redx/internal/format/cbslog"
	_ "github.com/secDre4mer/go-cab"
	_ "www.velocidex.com/golang/evtx"
	_ "www.velocidex.com/golang/go-ese/parser"
	_ "www.velocidex.com/golang/regparser"
)
