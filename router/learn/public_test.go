package learn

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

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
		if os.Getenv("DEV") != "" {
			if set.name == "clinc" {
				test = clinc(t, "val")
			} else {
				all := train
				train, test = nil, nil
				for i, e := range all {
					if i%6 == 0 {
						test = append(test, e)
					} else {
						train = append(train, e)
					}
				}
			}
		}
		start, wall := cpu(), time.Now()
		m, err := Train(train, Options{Uncalibrated: true})
		require.NoError(t, err)
		used, took := cpu()-start, time.Since(wall)
		start = cpu()
		acc := accuracy(m, test)
		t.Logf("%s features %d entries %d acc %.2f cpu %v wall %v match %v", set.name, len(m.keys), len(m.rowClass), acc, used, took, (cpu()-start)/time.Duration(len(test)))
		if set.name == "clinc!" {
			t.Logf("val %.2f", accuracy(m, clinc(t, "val")))
		}
	}
}

type mark struct{ in, out, auroc, joint float64 }

// mixed scores in-scope and out-of-scope together.
func report(t *testing.T, m *Model, in, out []Example) {
	var s Scratch
	type one struct {
		p float64
		o outcome
	}
	var all []one
	for _, e := range append(slices.Clone(in), out...) {
		r := m.Score(e.Text, &s)
		all = append(all, one{r.Probability, m.judge(&r, e.Class)})
	}
	slices.SortFunc(all, func(a, b one) int { return cmp.Compare(b.p, a.p) })
	// auroc in-scope over oos
	sum, ins := 0.0, 0.0
	for _, x := range all {
		if x.o == outside {
			sum += ins
		} else {
			ins++
		}
	}
	line := fmt.Sprintf("auroc %.4f", sum/float64(len(in))/float64(len(out)))
	at := func(name string, th float64) {
		var n [outcomes]float64
		for _, x := range all {
			if x.p >= th {
				n[x.o]++
			}
		}
		acc := n[right] + n[wrong] + n[outside]
		line += fmt.Sprintf(" | %s p>=%.3f in %.2f oos %.2f joint %.2f prec %.2f cover %.2f", name, th, 100*n[right]/float64(len(in)), 100*(1-n[outside]/float64(len(out))),
			100*(n[right]+float64(len(out))-n[outside])/float64(len(in)+len(out)), 100*n[right]/acc, 100*(n[right]+n[wrong])/float64(len(in)))
	}
	at("balance", m.Balance())
	at("5%", m.Threshold(.05))
	at("2%", m.Threshold(.02))
	at("1%", m.Threshold(.01))
	t.Log(line, m.calibration.weight)
}

func TestOOS(t *testing.T) {
	for _, share := range []float64{.1} {
		start := cpu()
		m, err := Train(clinc(t, "train"), Options{OutOfScope: share})
		require.NoError(t, err)
		t.Log(share, cpu()-start)
		report(t, m, clinc(t, "val"), clinc(t, "oos_val"))
		report(t, m, clinc(t, "test"), clinc(t, "oos_test"))
	}
}
