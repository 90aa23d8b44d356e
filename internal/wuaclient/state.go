package wuaclient

import (
	"context"
	"fmt"

	"github.com/redx-update/redx/internal/wuaclient/protocol"
)

// IsBusy reports that Windows' own agent is installing something (IUpdateInstaller.IsBusy). An error says that it could
// not be asked, and nothing else.
func (c *Client) IsBusy(ctx context.Context) (bool, error) {
	answer, err := c.Ask(ctx, protocol.Request{Verb: protocol.State})
	if err == nil && answer.Failure != nil {
		err = fmt.Errorf("%s: %s", answer.Failure.Call, answer.Failure.Code)
	}
	return err == nil && answer.Busy, err
}
