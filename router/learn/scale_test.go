package learn

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// synthetic makes classes of an operation, an object and an attribute, which share all words with others.
func synthetic(classes, each int) []Example {
	var examples []Example
	random := uint64(7)
	next := func(n int) int {
		random = mix(random + 1)
		return int(random % uint64(n))
	}
	word := func(kind string, i int) string {
		h := mix(uint64(i)*31 + uint64(len(kind)))
		b := []byte(kind[:1])
		for range 4 + h%4 {
			h = mix(h)
			b = append(b, "bcdfghklmnprstvz"[h%16], "aeiou"[h>>8%5])
		}
		return string(b)
	}
	for c := range classes {
		op, object, attribute := c%20, c/20%50, c/7%40
		for range each {
			words := []string{word("filler", next(60)), word("op", op*3+next(3)), word("filler", next(60)), word("object", object*3+next(3)),
				word("filler", next(60)), word("attribute", attribute*3+next(3)), word("rare", next(300))}
			examples = append(examples, Example{Text: Text{Words: words}, Class: fmt.Sprint("c", c)})
		}
	}
	return examples
}

func TestScale(t *testing.T) {
	k, _ := strconv.Atoi(os.Getenv("K"))
	n, _ := strconv.Atoi(os.Getenv("N"))
	if k == 0 {
		return
	}
	start, wall := cpu(), time.Now()
	m, err := Train(synthetic(k, n), Options{Uncalibrated: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(k, n, "cpu", cpu()-start, "wall", time.Since(wall), "features", len(m.keys), "entries", len(m.rowClass))
	test := synthetic(k, n+5)
	start = cpu()
	acc := accuracy(m, test)
	t.Log("accuracy", acc, "match", (cpu()-start)/time.Duration(len(test)))
	data, _ := m.MarshalBinary()
	wall = time.Now()
	var again Model
	if err := again.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	t.Log("bytes", len(data), "read in", time.Since(wall))
}
