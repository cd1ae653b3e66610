package kubernetes

import (
	"context"

	"clanker/adapters"
)

func (w *work) foreseeHelm(ctx context.Context) (forecast, error) {
	return forecast{preview: adapters.Preview{Kind: adapters.PreviewNone, Reason: "helm has none"}}, nil
}
