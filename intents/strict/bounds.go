package strict

import (
	"maps"

	"github.com/goccy/go-yaml/token"
)

// beyond faults what the library's parser must not see, and reports whether there is any: what it calls itself too deep
// for, and what it takes time for with the square of the length.
func (r *Reader) beyond(tokens token.Tokens) bool {
	if deep := tooDeep(tokens); deep != nil {
		r.Fault(r.at(deep), "", "write it flatter", "nested more than %d deep", MaxDepth)
		return true
	}
	if key := tooMany(tokens); key != nil {
		r.Fault(r.at(key), "", "split it", "more than %d keys in one place", MaxKeys)
		return true
	}
	if open := unclosed(tokens); open != nil {
		r.Fault(r.at(open), "", "close it, or quote text that holds [ or {", "read yaml: %q is not closed", open.Value)
		return true
	}
	return false
}

// tooDeep returns the token that nests beyond MaxDepth, or nil.
func tooDeep(tokens token.Tokens) *token.Token {
	open, entries, line := 0, 0, 0
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open++
		case token.SequenceEndType, token.MappingEndType:
			open--
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			if t.Position.Line != line {
				line, entries = t.Position.Line, 0
			}
			entries++
		default: // nests nothing
		}
		if max(open, entries) > MaxDepth {
			return t
		}
	}
	return nil
}

// tooMany returns the token of the key that is beyond MaxKeys, or nil. The keys of a block begin in one column, and no line
// between them begins before it; those of braces stand between the same two.
func tooMany(tokens token.Tokens) *token.Token {
	block, braces, line := map[int]int{}, []int{0}, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line = t.Position.Line
			maps.DeleteFunc(block, func(column, _ int) bool { return column > t.Position.Column })
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			braces = append(braces, 0)
		case token.SequenceEndType, token.MappingEndType:
			braces = braces[:max(1, len(braces)-1)]
		case token.MappingValueType:
			braces[len(braces)-1]++
			count := braces[len(braces)-1]
			if len(braces) == 1 && t.Prev != nil {
				block[t.Prev.Position.Column]++
				count = block[t.Prev.Position.Column]
			}
			if count > MaxKeys {
				return t
			}
		default: // no key
		}
	}
	return nil
}

// unclosed returns the innermost bracket that nothing closes, or nil.
func unclosed(tokens token.Tokens) *token.Token {
	var open []*token.Token
	for _, t := range tokens {
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			open = append(open, t)
		case token.SequenceEndType, token.MappingEndType:
			open = open[:max(0, len(open)-1)]
		default: // no bracket
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}
