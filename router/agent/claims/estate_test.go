package claims_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
	"clanker/adapters/demo"
	"clanker/intents"
	"clanker/router"
	"clanker/router/agent/toolbox"
)

var now = time.Date(2026, 11, 22, 14, 2, 11, 0, time.UTC)

func clock() time.Time { return now }

// calls are what the tools are asked for of the demo estate.
var calls = []llms.FunctionCall{
	{Name: "list_resources", Arguments: `{"kinds":["deployment","statefulset","cache","database"],"environment":"production"}`},
	{Name: "list_resources", Arguments: `{"kinds":["pod"],"namespace":"production","metrics":["restarts"],"limit":60}`},
	{Name: "get_resource", Arguments: `{"name":"session-cache"}`},
	{Name: "get_resource", Arguments: `{"name":"checkout-api","kind":"deployment","namespace":"production"}`},
	{Name: "query_metrics", Arguments: `{"metric":"memory.ofLimit","kinds":["pod"],"limit":12}`},
	{Name: "query_metrics", Arguments: `{"metric":"latency.p99"}`},
	{Name: "list_changes", Arguments: `{"namespace":"production","time":"last 24 hours"}`},
	{Name: "get_logs", Arguments: `{"name":"checkout-api","limit":30}`},
	{Name: "get_topology", Arguments: `{"name":"checkout-api"}`},
	{Name: "list_resources", Arguments: `{"kinds":["node"]}`},
	{Name: "list_resources", Arguments: `{"kinds":["instance","queue","bucket","function"]}`},
}

// reader is a fallback that makes the calls and keeps what came of them.
type reader struct{ texts []string }

var _ router.Fallback = (*reader)(nil)

func (r *reader) Answer(ctx context.Context, _ router.Question, desk *router.Desk) (router.Finding, error) {
	box := toolbox.New(desk)
	for _, call := range calls {
		r.texts = append(r.texts, box.Call(ctx, call).Text)
	}
	return router.Finding{Summary: "read"}, nil
}

// estate is what the tools say of the demo estate.
var estate = sync.OnceValues(func() ([]string, error) {
	catalog, err := intents.Load(intents.Default())
	if err != nil {
		return nil, err
	}
	matcher, err := router.NewMatcher(catalog)
	if err != nil {
		return nil, err
	}
	d, err := demo.New(clock)
	if err != nil {
		return nil, err
	}
	w := adapters.NewWorkspace(d)
	w.Now = clock
	r := &reader{}
	_, err = router.New(matcher, w, router.Options{Now: clock, Entropy: zeros{}, Fallback: r}).
		Route(context.Background(), router.Question{Text: curious})
	return r.texts, err
})

// curious is a question that no intent covers.
const curious = "which odd interplay between checkout-api and its cache might explain the grumbling of the customers"

// zeros is an endless source of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte{0}, len(p))), nil }
