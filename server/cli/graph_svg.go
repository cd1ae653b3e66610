package cli

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"

	"charm.land/lipgloss/v2"
)

// The measures of a picture, in pixels. The font is one whose characters are all as wide as each other, so that what is
// written in a box is known to fit.
const (
	margin, headRoom   = 24.0, 56.0
	nameWidth, subsize = 7.3, 6.1 // of one character: the name at 12 px, the rest at 10 px
	longestLine        = 34       // characters; the rest is in the tooltip
	boxHeight          = 40.0
)

const pictureStyle = `
text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328}
.page{fill:#ffffff}.title{font-size:16px;font-weight:600}.name{font-size:12px;font-weight:600}.sub{font-size:10px;fill:#57606a}
.box{fill:#f6f8fa;stroke:#8c959f}.edge{fill:none;stroke:#6e7781;stroke-width:1.3}.tip{fill:#6e7781}
.degraded{stroke:#bf8700;stroke-width:2.5}.unhealthy{stroke:#cf222e;stroke-width:2.5}.unknown{stroke-dasharray:4 3}
.runsOn,.ownedBy,.mounts{stroke-dasharray:2 3}.scales,.protects{stroke-dasharray:6 4}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.sub{fill:#9198a1}.box{fill:#161b22;stroke:#6e7681}
.edge{stroke:#8b949e}.tip{fill:#8b949e}.degraded{stroke:#d29922}.unhealthy{stroke:#f85149}}
`

// svg draws the graph as a picture that stands alone: no script, nothing fetched, readable on light and dark.
func (d *drawing) svg() string {
	boxes, edges, index := make([]*box, len(d.nodes)), make([][2]int, len(d.edges)), map[string]int{}
	for i, n := range d.nodes {
		boxes[i], index[n.Ref] = &box{w: n.width(), h: boxHeight}, i
	}
	for i, e := range d.edges {
		edges[i] = [2]int{index[e.From], index[e.To]}
	}
	ways, width, height := layout(boxes, edges)
	width, height = math.Ceil(max(width, 8.8*float64(lipgloss.Width(d.heading())))+2*margin), math.Ceil(height+margin+headRoom)
	var text strings.Builder
	fmt.Fprintf(&text, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" role="img" aria-labelledby="title desc">`, width, height, width, height)
	fmt.Fprintf(&text, "\n<title id=\"title\">%s</title>\n<desc id=\"desc\">%s</desc>\n<style>%s</style>\n", escaped(d.heading()), escaped(d.described()), pictureStyle)
	text.WriteString(`<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>` + "\n")
	fmt.Fprintf(&text, "<rect class=\"page\" width=\"%.0f\" height=\"%.0f\"/>\n<text class=\"title\" x=\"%.0f\" y=\"34\">%s</text>\n<g transform=\"translate(%.0f %.0f)\">\n", width, height, margin, escaped(d.heading()), margin, headRoom)
	for i, e := range d.edges {
		fmt.Fprintf(&text, "<path class=\"edge %s\" marker-end=\"url(#tip)\" d=\"%s\"><title>%s</title></path>\n", escaped(string(e.Relation)), curve(ways[i]),
			escaped(strings.TrimRight(fmt.Sprintf("%s %s %s: %s", d.nodes[edges[i][0]].Name, e.Relation, d.nodes[edges[i][1]].Name, printable(e.Evidence)), ": ")))
	}
	for i, n := range d.nodes {
		text.WriteString(n.drawn(boxes[i]))
	}
	return text.String() + "</g>\n</svg>\n"
}

// described is what a reader hears who cannot see the picture.
func (d *drawing) described() string {
	var ill []string
	for _, n := range d.nodes {
		if n.ill() {
			ill = append(ill, n.words())
		}
	}
	text := fmt.Sprintf("%d resources and %d relations; arrows lead from what depends to what it depends on.", len(d.nodes), len(d.edges))
	if len(ill) > 0 {
		text += " Not healthy: " + strings.Join(ill, ", ") + "."
	}
	return text
}

// lettering is what is written in the box of a node: its name, and beneath what and where it is.
func (n drawnNode) lettering() (name, sub string) {
	sub = string(n.Kind)
	if n.ill() {
		sub += " " + strings.ToUpper(n.Status)
	}
	if n.place != "" {
		sub += " · " + n.place
	}
	return shortened(n.Name, longestLine), shortened(sub, longestLine+6)
}

func shortened(text string, columns int) string {
	for cut := []rune(text); lipgloss.Width(text) > columns; {
		cut = cut[:len(cut)-1]
		text = string(cut) + "…"
	}
	return text
}

func (n drawnNode) width() float64 {
	name, sub := n.lettering()
	return math.Ceil(max(nameWidth*float64(lipgloss.Width(name)), subsize*float64(lipgloss.Width(sub))) + 20)
}

func (n drawnNode) drawn(b *box) string {
	name, sub := n.lettering()
	class := "box"
	if n.ill() {
		class += " " + n.Status
	}
	left, top := b.x-b.w/2, b.y-b.h/2
	return fmt.Sprintf("<g><title>%s</title><rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" height=\"%.0f\" rx=\"6\"/><text class=\"name\" x=\"%.1f\" y=\"%.1f\">%s</text><text class=\"sub\" x=\"%.1f\" y=\"%.1f\">%s</text></g>\n",
		escaped(n.words()), escaped(class), left, top, b.w, b.h, left+10, top+17, escaped(name), left+10, top+31, escaped(sub))
}

// curve leads from the right of the first box through those between to the left of the last; against the columns it leads the
// other way, and around a box when both are the same.
func curve(way []*box) string {
	first, last := way[0], way[len(way)-1]
	if first == last {
		right, top := first.x+first.w/2, first.y-first.h/4
		return fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", right, top, right+36, top-12, right+36, top+32, right, top+20)
	}
	side := 1.0
	if first.column > last.column {
		side = -1
	}
	x, y := first.x+side*first.w/2, first.y
	var path strings.Builder
	fmt.Fprintf(&path, "M%.1f %.1f", x, y)
	for _, b := range way[1:] {
		in := b.x - side*b.w/2
		middle := (x + in) / 2
		fmt.Fprintf(&path, "C%.1f %.1f %.1f %.1f %.1f %.1f", middle, y, middle, b.y, in, b.y)
		if x, y = b.x+side*b.w/2, b.y; b != last {
			fmt.Fprintf(&path, "H%.1f", x)
		}
	}
	return path.String()
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder never fails to write
	return out.String()
}
