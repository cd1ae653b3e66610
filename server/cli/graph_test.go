package cli

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"clanker/adapters"
	"clanker/router"
)

// badNames are names that mean something to a language that graphs are written in.
var badNames = []string{`a"b`, `back\`, `new
line`, "<b>&amp;", "]--> x", "end", `${x}`, "`code`", "#quot;", "%% comment", "subgraph", "a;b", "{x|y}", "日本語の名前", strings.Repeat("long-", 40), "\x1b[31mred", "\x00", "\u202eright", "]]>"}

// estateOf draws resources with these names, each using the one before.
func estateOf(names []string) drawing {
	d := drawing{title: `All <of> "it"`, direction: adapters.Dependencies}
	for i, name := range names {
		d.nodes = append(d.nodes, drawnNode{router.GraphNode{Ref: fmt.Sprintf("p/%s/%d", name, i), Kind: "service", Name: printable(name), Status: "degraded"}, printable(name)})
		if i > 0 {
			d.edges = append(d.edges, router.GraphEdge{From: d.nodes[i].Ref, Relation: adapters.RelationUses, To: d.nodes[i-1].Ref, Evidence: "env " + name + " = x"})
		}
	}
	return d
}

func TestPicturesOfHostileNames(t *testing.T) {
	d := estateOf(badNames)
	texts := map[string]string{"svg": d.svg(), "dot": d.dot(), "mermaid": d.mermaid(), "text": d.text()}
	for format, text := range texts {
		assert.NotContains(t, text, "\x1b", format)
		assert.NotContains(t, text, "\u202e", format)
	}
	elements := 0
	for decoder := xml.NewDecoder(strings.NewReader(texts["svg"])); ; elements++ {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok {
			assert.Contains(t, []string{"svg", "title", "desc", "style", "defs", "marker", "path", "rect", "text", "g"}, start.Name.Local)
		}
	}
	assert.Greater(t, elements, 10*len(badNames))
	for line := range strings.SplitSeq(strings.TrimSpace(texts["dot"]), "\n") {
		unescaped := strings.NewReplacer(`\\`, "", `\"`, "").Replace(line)
		assert.Zero(t, strings.Count(unescaped, `"`)%2, line)
	}
	for _, line := range strings.Split(texts["mermaid"], "\n")[3:] {
		assert.LessOrEqual(t, strings.Count(line, `"`), 2, line)
		assert.NotRegexp(t, "`|<[^b]|\\\\", line)
	}
	if folder := os.Getenv("CLANKER_PICTURES"); folder != "" { // to be looked at, and given to other parsers
		for format, text := range texts {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "hostile."+format), []byte(text), 0o600))
		}
	}
}

// TestLayout: whatever the graph, no two boxes overlap, all are within the picture, and edges lead between their ends.
func TestLayout(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{0, 1, 2, 20, 60, 200} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			boxes, edges := randomGraph(random, size)
			ways, width, height := layout(boxes, edges)
			for i, a := range boxes {
				for _, edge := range []float64{a.x - a.w/2, a.y - a.h/2, width - a.x - a.w/2, height - a.y - a.h/2} {
					assert.GreaterOrEqual(t, edge, -1e-6)
					assert.False(t, math.IsNaN(edge))
				}
				for _, b := range boxes[i+1:] {
					assert.False(t, math.Abs(a.x-b.x) < (a.w+b.w)/2 && math.Abs(a.y-b.y) < (a.h+b.h)/2, "boxes overlap")
				}
			}
			require.Len(t, ways, len(edges))
			for i, way := range ways {
				assert.Same(t, boxes[edges[i][0]], way[0])
				assert.Same(t, boxes[edges[i][1]], way[len(way)-1])
				assert.NotContains(t, curve(way), "NaN")
			}
		})
	}
}

// randomGraph has rings, edges to itself, and boxes without edges.
func randomGraph(random *rand.Rand, size int) (boxes []*box, edges [][2]int) {
	for range size {
		boxes = append(boxes, &box{w: 80 + 200*random.Float64(), h: boxHeight})
	}
	for range size * 3 / 2 {
		edges = append(edges, [2]int{random.IntN(size*9/10+1) % size, random.IntN(size*9/10+1) % size})
	}
	return boxes, edges
}

// TestPictureOfSixty is an estate of the usual shape; with CLANKER_PICTURES it is written to that folder.
func TestPictureOfSixty(t *testing.T) {
	d := sixty()
	assert.Len(t, d.nodes, 60)
	first := d.svg()
	for range 5 {
		same := sixty()
		assert.Equal(t, first, same.svg(), "the same every time")
	}
	if folder := os.Getenv("CLANKER_PICTURES"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "sixty.svg"), []byte(first), 0o600))
	}
}

func sixty() drawing {
	random := rand.New(rand.NewPCG(7, 7))
	d := drawing{title: "Sixty things", direction: adapters.Dependencies}
	add := func(kind adapters.Kind, name string) string {
		ref := fmt.Sprintf("kubernetes/prod/shop/%s/%s", kind, name)
		d.nodes = append(d.nodes, drawnNode{router.GraphNode{Ref: ref, Kind: kind, Name: name, Status: []string{"healthy", "healthy", "healthy", "degraded", "unhealthy", "unknown"}[random.IntN(6)]}, "prod/shop"})
		return ref
	}
	relate := func(from string, t adapters.RelationType, to string) {
		d.edges = append(d.edges, router.GraphEdge{From: from, Relation: t, To: to, Evidence: "env HOST = x"})
	}
	var stores, workloads []string
	for i := range 10 {
		stores = append(stores, add(adapters.KindDatabase, fmt.Sprintf("orders-postgres-%d", i)))
	}
	ingress := []string{add(adapters.KindIngress, "shop"), add(adapters.KindIngress, "admin")}
	for i := range 22 {
		workload, service := add(adapters.KindDeployment, fmt.Sprintf("checkout-api-%d", i)), add(adapters.KindService, fmt.Sprintf("checkout-%d", i))
		workloads = append(workloads, workload)
		relate(service, adapters.RelationSelects, workload)
		relate(workload, adapters.RelationUses, stores[random.IntN(len(stores))])
		if i < 6 {
			relate(ingress[i%2], adapters.RelationRoutesTo, service)
		} else {
			relate(workloads[random.IntN(i)], adapters.RelationUses, service)
		}
	}
	for i := range 4 {
		add(adapters.KindBucket, fmt.Sprintf("lonely-%d", i))
	}
	slices.SortFunc(d.edges, func(a, b router.GraphEdge) int { return strings.Compare(a.From+a.To, b.From+b.To) })
	return d
}

func TestTreeShowsEachRelation(t *testing.T) {
	d := sixty()
	text := d.text()
	for _, e := range d.edges {
		assert.Contains(t, text, string(e.Relation)+" -> "+string(adapters.IDKind(e.To))+" "+adapters.IDName(e.To))
	}
	for _, n := range d.nodes {
		assert.Contains(t, text, n.words())
	}
	ring := estateOf([]string{"a", "b", "c"})
	ring.edges = append(ring.edges, router.GraphEdge{From: ring.nodes[0].Ref, Relation: adapters.RelationUses, To: ring.nodes[2].Ref})
	assert.Equal(t, 3, strings.Count(ring.text(), "uses -> "), ring.text())
}
