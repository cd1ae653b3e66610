package cli

import (
	"cmp"
	"slices"
)

// A small layered layout: columns by the longest path, rows by the mean place of the neighbours. A library that does it is
// Graphviz as WebAssembly, which compiles itself whenever the program that holds it starts, whatever that is asked to do.

// box is a node in a layout. Where an edge passes a column it has a box without height.
type box struct {
	w, h, x, y float64 // x and y are of its middle
	column     int
	next, prev []*box
}

// Distances between boxes, in pixels.
const (
	gapX, gapY = 70.0, 14.0
	sweeps     = 24
)

// layout places boxes of the given sizes and returns the way of each edge: the boxes that it passes, its ends included. Edges
// lead from left to right, but for those that close a ring. What has no edge stands beneath, in rows.
func layout(boxes []*box, edges [][2]int) (ways [][]*box, width, height float64) {
	ends := acyclic(len(boxes), edges)
	tied := rank(boxes, ends)
	columns := make([][]*box, 1)
	put := func(b *box) {
		for len(columns) <= b.column {
			columns = append(columns, nil)
		}
		columns[b.column] = append(columns[b.column], b)
	}
	var alone []*box
	for i, b := range boxes {
		if tied[i] {
			put(b)
		} else {
			alone = append(alone, b)
		}
	}
	for i, e := range ends {
		way := passing(boxes[e[0]], boxes[e[1]], put)
		if ends[i] != edges[i] {
			slices.Reverse(way)
		}
		ways = append(ways, way)
	}
	order(columns)
	width, height = place(columns)
	return ways, width, height + below(alone, &width, height)
}

// acyclic turns the edges round that close a ring, which a walk in depth finds.
func acyclic(n int, edges [][2]int) [][2]int {
	out := make([][]int, n)
	for i, e := range edges {
		out[e[0]] = append(out[e[0]], i)
	}
	turned, state := slices.Clone(edges), make([]int, n) // 1: on the way, 2: done
	var walk func(at int)
	walk = func(at int) {
		state[at] = 1
		for _, i := range out[at] {
			switch next := edges[i][1]; state[next] {
			case 0:
				walk(next)
			case 1:
				turned[i] = [2]int{next, at}
			}
		}
		state[at] = 2
	}
	for at := range n {
		if state[at] == 0 {
			walk(at)
		}
	}
	return turned
}

// rank gives each box the column after the last of those that lead to it, then moves it as near as it can to what it leads to.
// It tells which boxes have edges.
func rank(boxes []*box, edges [][2]int) (tied []bool) {
	tied = make([]bool, len(boxes))
	for changed := true; changed; {
		changed = false
		for _, e := range edges {
			if tied[e[0]], tied[e[1]] = true, true; boxes[e[0]].column >= boxes[e[1]].column && e[0] != e[1] {
				boxes[e[1]].column, changed = boxes[e[0]].column+1, true
			}
		}
	}
	nearest := make([]int, len(boxes))
	for changed := true; changed; {
		changed = false
		clear(nearest)
		for _, e := range edges {
			if near := boxes[e[1]].column - 1; e[0] != e[1] && (nearest[e[0]] == 0 || near < nearest[e[0]]-1) {
				nearest[e[0]] = near + 1 // 0 stands for none
			}
		}
		for i, b := range boxes {
			if near := nearest[i] - 1; near > b.column {
				b.column, changed = near, true
			}
		}
	}
	return tied
}

// passing makes the boxes by which an edge passes the columns between its ends, and ties them to each other.
func passing(from, to *box, put func(*box)) []*box {
	way := []*box{from}
	for column := from.column + 1; column < to.column; column++ {
		between := &box{column: column}
		put(between)
		way = append(way, between)
	}
	way = append(way, to)
	for i := 1; i < len(way) && from != to; i++ {
		way[i-1].next, way[i].prev = append(way[i-1].next, way[i]), append(way[i].prev, way[i-1])
	}
	return way
}

// order sorts each column by the mean place of the neighbours to its left, then to its right, and again.
func order(columns [][]*box) {
	for i := range columns {
		settle(columns[i])
	}
	for sweep := range sweeps {
		for i := range columns {
			column, neighbours := columns[i], func(b *box) []*box { return b.prev }
			if sweep%2 == 1 {
				column, neighbours = columns[len(columns)-1-i], func(b *box) []*box { return b.next }
			}
			slices.SortStableFunc(column, func(a, b *box) int { return cmp.Compare(mean(a, neighbours), mean(b, neighbours)) })
			settle(column)
		}
	}
}

// settle stacks a column around the middle.
func settle(column []*box) {
	y := 0.0
	for _, b := range column {
		b.y = y + b.h/2
		y += b.h + gapY
	}
	for _, b := range column {
		b.y -= y / 2
	}
}

func mean(b *box, neighbours func(*box) []*box) float64 {
	near := neighbours(b)
	if len(near) == 0 {
		return b.y
	}
	sum := 0.0
	for _, n := range near {
		sum += n.y
	}
	return sum / float64(len(near))
}

// place draws boxes towards their neighbours without changing their order, and sets the columns beside each other.
func place(columns [][]*box) (width, height float64) {
	for sweep := range sweeps {
		for i := range columns {
			column, neighbours := columns[i], func(b *box) []*box { return b.prev }
			if sweep%2 == 1 {
				column, neighbours = columns[len(columns)-1-i], func(b *box) []*box { return b.next }
			}
			draw(column, neighbours)
		}
	}
	top := 0.0
	for _, column := range columns {
		for _, b := range column {
			top = min(top, b.y-b.h/2)
		}
	}
	for _, column := range columns {
		widest := 0.0
		for _, b := range column {
			widest = max(widest, b.w)
		}
		for _, b := range column {
			if b.x, b.y = width+widest/2, b.y-top; b.h == 0 {
				b.w = widest // an edge crosses the whole column
			}
			height = max(height, b.y+b.h/2)
		}
		width += widest + gapX
	}
	return max(width-gapX, 0), height
}

// draw moves the boxes of a column to where they would like to be; those that would overlap share the middle of their wishes.
func draw(column []*box, neighbours func(*box) []*box) {
	type run struct {
		sum, h float64
		boxes  []*box
	} // boxes that touch
	top := func(r run) float64 { return r.sum / float64(len(r.boxes)) }
	var runs []run
	for _, b := range column {
		runs = append(runs, run{sum: mean(b, neighbours) - b.h/2, h: b.h + gapY, boxes: []*box{b}})
		for n := len(runs); n > 1 && top(runs[n-2])+runs[n-2].h > top(runs[n-1]); n = len(runs) {
			above, below := runs[n-2], runs[n-1]
			above.sum += below.sum - above.h*float64(len(below.boxes))
			above.h, above.boxes = above.h+below.h, append(above.boxes, below.boxes...)
			runs = append(runs[:n-2], above)
		}
	}
	for _, r := range runs {
		y := top(r)
		for _, b := range r.boxes {
			b.y = y + b.h/2
			y += b.h + gapY
		}
	}
}

// below sets boxes in rows beneath a height and returns how much that adds to it.
func below(boxes []*box, width *float64, height float64) (added float64) {
	if len(boxes) == 0 {
		return 0
	}
	room := max(*width, 900)
	x, y, tallest := 0.0, height, 0.0
	if height > 0 {
		y += 3 * gapY
	}
	for _, b := range boxes {
		if x > 0 && x+b.w > room {
			x, y, tallest = 0, y+tallest+gapY, 0
		}
		b.x, b.y = x+b.w/2, y+b.h/2
		x, tallest = x+b.w+gapY, max(tallest, b.h)
		*width = max(*width, x-gapY)
	}
	return y + tallest - height
}
