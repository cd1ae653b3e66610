package kubernetes

import (
	"context"

	"clanker/adapters"
)

func (d *Driver) Changes(ctx context.Context, q adapters.Query) ([]adapters.Change, []adapters.Source, error) {
	return nil, nil, nil
}
func (d *Driver) Logs(ctx context.Context, q adapters.Query) ([]adapters.LogLine, []adapters.Source, error) {
	return nil, nil, nil
}
