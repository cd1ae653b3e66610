package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"clanker/policies/approval"
	"clanker/policies/approval/verify"
	"clanker/router"
	"clanker/server/store"
	"clanker/server/store/storetest"
)

// quantiles reports how long single calls take. A write is on the disk when it returns.
func quantiles(b *testing.B, do func(i int)) {
	var took []time.Duration
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		do(i)
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkDisk is what the disk takes by itself for a write of a page that has to be there afterwards.
func BenchmarkDisk(b *testing.B) {
	file, err := os.Create(filepath.Join(b.TempDir(), "file"))
	require.NoError(b, err)
	page := make([]byte, 4096)
	quantiles(b, func(int) {
		_, err := file.Write(page)
		require.NoError(b, errors.Join(err, file.Sync()))
	})
	require.NoError(b, file.Close())
}

func BenchmarkAppend(b *testing.B) { appends(b, storetest.Folder(b)) }

func appends(b *testing.B, p storetest.Place) {
	s := p.Open(b)
	event := approval.Event{Type: approval.EventMerged, Body: approval.Merged{Proposal: "01M83T4D5GVTQ9WWVXMX0H9YC7", Asked: 2}}
	quantiles(b, func(int) {
		_, err := s.Append(b.Context(), event)
		require.NoError(b, err)
	})
}

// BenchmarkReserve is what is written for a call of a model, before and after it, when a day has had many.
func BenchmarkReserve(b *testing.B) { reserves(b, storetest.Folder(b)) }

func reserves(b *testing.B, p storetest.Place) {
	s := p.Open(b)
	limit := router.SpendLimit{From: now().Truncate(24 * time.Hour), Cost: new(int64(1 << 60))}
	quantiles(b, func(i int) {
		call := storetest.Call(fmt.Sprint(i), 1)
		require.NoError(b, s.Reserve(b.Context(), call, limit))
		require.NoError(b, s.Settle(b.Context(), call.ID, call.Tokens, call.Cost))
	})
}

func BenchmarkCreate(b *testing.B) {
	s := open(b, folder(b))
	quantiles(b, func(i int) { storetest.Create(b, s, fmt.Sprint(i)) })
}

func BenchmarkUpdate(b *testing.B) {
	s := open(b, folder(b))
	storetest.Create(b, s, "a")
	quantiles(b, func(int) {
		_, err := s.Update(b.Context(), "a", approval.Pending, func(r *approval.Request) ([]approval.Event, error) {
			r.Asked++
			return []approval.Event{{Type: approval.EventMerged, Body: approval.Merged{Proposal: "a", Asked: r.Asked}}}, nil
		})
		require.NoError(b, err)
	})
}

func BenchmarkGet(b *testing.B) {
	s := open(b, folder(b))
	storetest.Create(b, s, "a")
	quantiles(b, func(int) {
		_, err := s.Get(b.Context(), "a")
		require.NoError(b, err)
	})
}

// BenchmarkVerify verifies an export of many entries, most of which are refusals: what a flood would leave. What people
// sign and policies decide takes longer, about 2 ms a decision.
func BenchmarkVerify(b *testing.B) {
	dir := folder(b)
	s, err := store.Open(b.Context(), dir, store.Options{Now: now})
	require.NoError(b, err)
	require.NoError(b, s.Close())
	f := &forger{t: b, signer: signer(b, dir)}
	f.events = []event{{now(), approval.EventStarted, &approval.Opened{Key: s.Key()}}}
	for since := 1; len(f.events) < 100_000; since++ {
		next := event{now(), approval.EventRefused, &approval.Refused{Argv: []string{"kubectl", "delete", "namespace", "shop"}, Why: "refused: nothing of the kind can be proposed here"}}
		if since == approval.Unsealed {
			next, since = event{now(), approval.EventCheckpoint, &approval.Checkpoint{}}, -1
		}
		f.events = append(f.events, next)
	}
	text := lines(b, f.log())
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		report, err := verify.Log(b.Context(), verify.Lines(bytes.NewReader(text)), verify.Options{Signatures: storetest.Signatures})
		require.NoError(b, err)
		require.Nil(b, report.FirstBreak)
	}
	b.ReportMetric(float64(len(f.events)*b.N)/b.Elapsed().Seconds(), "entries/s")
}
