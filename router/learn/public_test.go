package learn

import (
	"compress/gzip"
	"encoding/json"
	"encoding/csv"
	"bufio"
	"os"
	"strings"
	"testing"
	"time"
	"syscall"

	"github.com/stretchr/testify/require"
)

func open(t testing.TB, name string) *gzip.Reader {
	file, err := os.Open("../../eval/testdata/public/" + name + ".gz")
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	zip, err := gzip.NewReader(file)
	require.NoError(t, err)
	return zip
}

func clinc(t testing.TB, split string) []Example {
	var splits map[string][][2]string
	require.NoError(t, json.NewDecoder(open(t, "clinc150/data_full.json")).Decode(&splits))
	var examples []Example
	for _, row := range splits[split] {
		class := row[1]
		if class == "oos" {
			class = Outside
		}
		examples = append(examples, Example{Text: Split(row[0]), Class: class})
	}
	return examples
}

func banking(t testing.TB, split string) []Example {
	rows, err := csv.NewReader(open(t, "banking77/"+split+".csv")).ReadAll()
	require.NoError(t, err)
	var examples []Example
	for _, row := range rows[1:] {
		examples = append(examples, Example{Text: Split(row[0]), Class: row[1]})
	}
	return examples
}

func hwu(t testing.TB, split string) []Example {
	var examples []Example
	lines := bufio.NewScanner(open(t, "hwu64/kfold1_"+split+".jsonl"))
	for lines.Scan() {
		var row struct{ Text, Intent string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		examples = append(examples, Example{Text: Split(row.Text), Class: row.Intent})
	}
	return examples
}

func cpu() time.Duration {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano())
}

func accuracy(m *Model, examples []Example) float64 {
	var s Scratch
	right := 0
	for _, e := range examples {
		if r := m.Score(e.Text, &s); r.N > 0 && m.Class(r.Top[0]) == e.Class {
			right++
		}
	}
	return 100 * float64(right) / float64(len(examples))
}

func TestTry(t *testing.T) {
	sets := os.Getenv("SETS")
	for _, set := range []struct {
		name string
		load func(testing.TB, string) []Example
	}{{"clinc", clinc}, {"banking", banking}, {"hwu", hwu}} {
		if !strings.Contains(sets, set.name) {
			continue
		}
		train, test := set.load(t, "train"), set.load(t, "test")
		start, wall := cpu(), time.Now()
		m, err := Train(train, Options{Uncalibrated: true})
		require.NoError(t, err)
		used, took := cpu()-start, time.Since(wall)
		start = cpu()
		acc := accuracy(m, test)
		t.Logf("%s features %d entries %d acc %.2f cpu %v wall %v match %v", set.name, len(m.keys), len(m.entries), acc, used, took, (cpu()-start)/time.Duration(len(test)))
		if set.name == "clinc" {
			t.Logf("val %.2f", accuracy(m, clinc(t, "val")))
		}
	}
}
