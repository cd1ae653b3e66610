//go:build unix

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

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// unpack opens a file of the public sets; see eval/testdata/public/README.md.
func unpack(t testing.TB, name string) *gzip.Reader {
	file, err := os.Open("../../eval/testdata/public/" + name + ".gz")
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	zip, err := gzip.NewReader(file)
	require.NoError(t, err)
	return zip
}

func clinc(t testing.TB, split string) []Example {
	var splits map[string][][2]string
	require.NoError(t, json.NewDecoder(unpack(t, "clinc150/data_full.json")).Decode(&splits))
	var examples []Example
	for _, row := range splits[split] {
		if row[1] == "oos" {
			row[1] = Outside
		}
		examples = append(examples, Example{Text: Split(row[0]), Class: row[1]})
	}
	return examples
}

func banking(t testing.TB, split string) []Example {
	rows, err := csv.NewReader(unpack(t, "banking77/"+split+".csv")).ReadAll()
	require.NoError(t, err)
	var examples []Example
	for _, row := range rows[1:] {
		examples = append(examples, Example{Text: Split(row[0]), Class: row[1]})
	}
	return examples
}

func hwu(t testing.TB, split string) []Example {
	var examples []Example
	lines := bufio.NewScanner(unpack(t, "hwu64/kfold1_"+split+".jsonl"))
	for lines.Scan() {
		var row struct{ Text, Intent string }
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		examples = append(examples, Example{Text: Split(row.Text), Class: row.Intent})
	}
	return examples
}

// accuracy is the share in percent that is recognised, nothing left out.
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

// verdict is what came of a text, and how probable it seemed.
type verdict struct {
	probability float64
	outcome     outcome
}

// verdicts are those on texts in and out of scope, the most probable first.
type verdicts struct {
	list     []verdict
	in, outs float64
}

func judge(m *Model, in, out []Example) verdicts {
	v := verdicts{in: float64(len(in)), outs: float64(len(out))}
	var s Scratch
	for _, e := range slices.Concat(in, out) {
		r := m.Score(e.Text, &s)
		v.list = append(v.list, verdict{r.Probability, m.judge(&r, e.Class)})
	}
	slices.SortFunc(v.list, func(a, b verdict) int { return cmp.Compare(b.probability, a.probability) })
	return v
}

// auroc is how often a text in scope seems more probable than one out of it.
func (v verdicts) auroc() float64 {
	before, sum := 0.0, 0.0
	for _, x := range v.list {
		if x.outcome == outside {
			sum += before
		} else {
			before++
		}
	}
	return sum / v.in / v.outs
}

// at counts what is accepted from a threshold on.
func (v verdicts) at(threshold float64) (accepted [outcomes]float64) {
	for _, x := range v.list {
		if x.probability >= threshold {
			accepted[x.outcome]++
		}
	}
	return accepted
}

// The floors are a little under what is measured, and the set a part of the whole, so that this is quick.
func TestPublicSubset(t *testing.T) {
	few := func(examples []Example) (part []Example) {
		for i, e := range examples {
			if e.Class < "d" && (len(examples) < 10_000 || i%2 == 0) {
				part = append(part, e)
			}
		}
		return part
	}
	m, err := Train(few(clinc(t, "train")), Options{OutOfScope: 0.2})
	require.NoError(t, err)
	test := few(clinc(t, "test"))
	assert.Greater(t, accuracy(m, test), 93.0)
	v := judge(m, test, clinc(t, "oos_test"))
	assert.Greater(t, v.auroc(), 0.96)
	accepted := v.at(m.Threshold(0.05))
	assert.Greater(t, accepted[right]/v.in, 0.6)
	assert.Less(t, accepted[outside]/v.outs, 0.05)
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkPublic prints the accuracy on the public sets, everything accepted.
func BenchmarkPublic(b *testing.B) {
	for _, set := range []struct {
		name string
		load func(testing.TB, string) []Example
	}{{"clinc150", clinc}, {"banking77", banking}, {"hwu64", hwu}} {
		b.Run(set.name, func(b *testing.B) {
			train, test := set.load(b, "train"), set.load(b, "test")
			start := cpu()
			m, err := Train(train, Options{Uncalibrated: true})
			require.NoError(b, err)
			trained := cpu() - start
			measure(b, m, test)
			b.ReportMetric(trained.Seconds(), "train-cpu-s")
		})
	}
}

// measure prints how right a model is, the time of a match, the model's size, and how long it takes to read from a cache.
func measure(b *testing.B, m *Model, test []Example) {
	var s Scratch
	took := make([]time.Duration, 0, len(test))
	m.Score(test[0].Text, &s)
	for _, e := range test {
		start := time.Now()
		m.Score(e.Text, &s)
		took = append(took, time.Since(start))
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		m.Score(test[i%len(test)].Text, &s)
		i++
	}
	slices.Sort(took)
	b.ReportMetric(accuracy(m, test), "accuracy-%")
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-us")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-us")
	data, err := m.MarshalBinary()
	require.NoError(b, err)
	b.ReportMetric(float64(len(data))/1e6, "MB")
	start := time.Now()
	require.NoError(b, new(Model).UnmarshalBinary(data))
	b.ReportMetric(time.Since(start).Seconds()*1000, "read-ms")
}

// BenchmarkOutside prints how CLINC150 fares with its questions out of scope, none of which are learned from. The share of
// them that is expected is in the name; the test has 18 %.
func BenchmarkOutside(b *testing.B) {
	for _, share := range []float64{0.1, 0.18, 0.3} {
		b.Run(fmt.Sprintf("expect-%v", share), func(b *testing.B) {
			train, start := clinc(b, "train"), cpu()
			var m *Model
			var err error
			for b.Loop() {
				m, err = Train(train, Options{OutOfScope: share})
			}
			require.NoError(b, err)
			b.ReportMetric((cpu()-start).Seconds()/float64(b.N), "train-cpu-s")
			v := judge(m, clinc(b, "test"), clinc(b, "oos_test"))
			b.ReportMetric(v.auroc(), "auroc")
			a := v.at(m.Balance())
			b.ReportMetric(100*a[right]/v.in, "in-scope-%")
			b.ReportMetric(100*(1-a[outside]/v.outs), "outside-%")
			b.ReportMetric(100*(a[right]+v.outs-a[outside])/(v.in+v.outs), "joint-%")
			for _, risk := range []float64{5, 2, 1} {
				a := v.at(m.Threshold(risk / 100))
				b.ReportMetric(100*a[right]/(a[right]+a[wrong]+a[outside]), fmt.Sprintf("precise@%v-%%", risk))
				b.ReportMetric(100*(a[right]+a[wrong])/v.in, fmt.Sprintf("covered@%v-%%", risk))
			}
		})
	}
}

// synthetic makes classes of an operation, an object and an attribute, each of which others have too, in several words.
func synthetic(classes, each int) []Example {
	random := uint64(7)
	draw := func(n int) int {
		random = mix(random + 1)
		return int(random % uint64(n))
	}
	word := func(i int) string {
		var b strings.Builder
		for h := mix(uint64(i)); b.Len() < 6; h = mix(h) {
			b.WriteByte("bcdfghklmnprstvz"[h%16])
			b.WriteByte("aeiou"[h>>8%5])
		}
		return b.String()
	}
	var examples []Example
	for c := range classes {
		for range each {
			words := []string{word(draw(60)), word(100 + c%20*3 + draw(3)), word(draw(60)), word(200 + c/20%50*3 + draw(3)),
				word(draw(60)), word(400 + c/1000*3 + draw(3)), word(600 + draw(300))}
			examples = append(examples, Example{Text: Text{Words: words}, Class: fmt.Sprint("c", c)})
		}
	}
	return examples
}

// BenchmarkScale prints how learning, scoring and reading from a cache grow with the number of classes.
func BenchmarkScale(b *testing.B) {
	for _, size := range [][2]int{{50, 20}, {150, 20}, {1000, 20}, {1000, 100}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			examples := synthetic(size[0], size[1]+5)
			var train, test []Example
			for i, e := range examples {
				if i%(size[1]+5) < 5 {
					test = append(test, e)
				} else {
					train = append(train, e)
				}
			}
			start, wall := cpu(), time.Now()
			m, err := Train(train, Options{Uncalibrated: true})
			require.NoError(b, err)
			trained, took := cpu()-start, time.Since(wall)
			measure(b, m, test)
			b.ReportMetric(trained.Seconds(), "train-cpu-s")
			b.ReportMetric(took.Seconds(), "train-s")
		})
	}
}
