package adapters

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// late is a driver that answers after a while.
func late(name string, after time.Duration) *scripted {
	return &scripted{name: name, list: func(ctx context.Context, _ Query) ([]Resource, []Source, error) {
		select {
		case <-time.After(after):
			return nil, nil, nil
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}}
}

// heard is a context whose watcher notes what it is told.
func heard(ctx context.Context) (context.Context, *[]string) {
	var said []string
	return WithWatcher(ctx, func(done, waiting []string) { said = append(said, fmt.Sprint(done, waiting)) }), &said
}

func TestAWatcherHearsWhoIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorkspace(late("gcp", 3*time.Second), late("aws", time.Second), late("kubernetes", 2*time.Second))
		ctx, said := heard(t.Context())
		_, err := w.Query(ctx, Query{Providers: []string{"gcp", "aws"}})
		assert.NoError(t, err)
		assert.Equal(t, []string{"[] [aws gcp]", "[aws] [gcp]", "[aws gcp] []"}, *said)
	})
}

// Two callers that share a flight, of whom one comes later, each hear their own.
func TestEachCallerOfASharedReadHearsItsOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		driver := late("aws", 2*time.Second)
		w := NewWorkspace(driver)
		var wait sync.WaitGroup
		first, firstSaid := heard(t.Context())
		second, secondSaid := heard(t.Context())
		for i, ctx := range []context.Context{first, second, t.Context()} {
			wait.Go(func() {
				<-time.After(time.Duration(i) * 500 * time.Millisecond)
				_, err := w.Query(ctx, Query{})
				assert.NoError(t, err)
			})
		}
		wait.Wait()
		assert.EqualValues(t, 1, driver.calls.Load())
		assert.Equal(t, []string{"[] [aws]", "[aws] []"}, *firstSaid)
		assert.Equal(t, *firstSaid, *secondSaid)
	})
}

func TestAWatcherHearsNothingAfterTheRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, said := heard(t.Context())
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(time.Second, cancel)
		_, err := NewWorkspace(late("aws", time.Hour), late("gcp", 30*time.Minute)).Query(ctx, Query{})
		assert.ErrorIs(t, err, context.Canceled)
		told := len(*said)
		synctest.Wait()
		assert.Len(t, *said, told)
	})
}

func TestWatchingCostsNothingUnlessAskedFor(t *testing.T) {
	drivers := []Adapter{good("a")}
	ctx := t.Context()
	assert.Zero(t, testing.AllocsPerRun(100, func() { watched(ctx, drivers).landed("a") }))
}
