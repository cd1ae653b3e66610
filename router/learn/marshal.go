package learn

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// version begins every model in bytes. It changes with the layout, and with whatever changes what a layout means: the
// hashes and kinds of features, their weighing, the units of scores; and with every change to learning, for [Key] has it.
const version = "clanker/learn 2\n"

// header says how long the slices are that follow.
type header struct {
	Classes, Names, Features, Entries, Seen, Curve uint32
}

// size is how many bytes the slices take.
func (h *header) size() uint64 {
	return uint64(h.Classes)*(4+4) + uint64(h.Names) + uint64(h.Features)*(8+4+4+4+4) + 8 + uint64(h.Entries)*3 +
		uint64(h.Seen)*2 + 8*(uint64(len(signals{}))+1) + 4*uint64(outcomes)*uint64(h.Curve)
}

// parts are the model's slices in the order they are written.
func (m *Model) parts(lengths []uint32, names []byte) []any {
	return []any{lengths, names, m.bias, m.keys, m.rarity, m.scale, m.rowAt[1:], m.seenAt[1:], &m.unseen, m.rowClass,
		m.rowWeight, m.seen, &m.calibration.weight, &m.calibration.outside, m.calibration.curve}
}

// MarshalBinary is the model as bytes: a version, the lengths, the slices, and the SHA-256 of all that. Equal models are
// equal bytes. It never fails.
func (m *Model) MarshalBinary() ([]byte, error) {
	var names []byte
	lengths := make([]uint32, len(m.classes))
	for i, class := range m.classes {
		names, lengths[i] = append(names, class...), uint32(len(class))
	}
	h := header{uint32(len(m.classes)), uint32(len(names)), uint32(len(m.keys)), uint32(len(m.rowClass)),
		uint32(len(m.seen)), uint32(len(m.calibration.curve))}
	data := []byte(version)
	for _, part := range append([]any{h}, m.parts(lengths, names)...) {
		var err error
		if data, err = binary.Append(data, binary.LittleEndian, part); err != nil {
			return nil, fmt.Errorf("learn: write the model: %w", err)
		}
	}
	sum := sha256.Sum256(data)
	return append(data, sum[:]...), nil
}

// Digest is the SHA-256 of the model's bytes, in hexadecimal: equal for equal models.
func (m *Model) Digest() (string, error) {
	data, err := m.MarshalBinary()
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(data[len(data)-sha256.Size:]), nil
}

// Key names the model that [Train] would make of examples, in hexadecimal, without making it: the name of its place in a cache.
// The order of the examples does not matter.
func Key(examples []Example, options Options) string {
	examples = slices.Clone(examples)
	slices.SortStableFunc(examples, compare)
	h := sha256.New()
	line := fmt.Appendf(nil, "%s%+v", version, options)
	for _, e := range examples {
		h.Write(line)
		line = line[:0]
		for _, texts := range [][]string{{e.Class, e.Group, strconv.FormatBool(e.Made)}, e.Barred, e.Text.Words, e.Text.Concepts} {
			line = binary.AppendUvarint(line, uint64(len(texts)))
			for _, text := range texts {
				line = append(binary.AppendUvarint(line, uint64(len(text))), text...)
			}
		}
	}
	h.Write(line)
	return hex.EncodeToString(h.Sum(nil))
}

// UnmarshalBinary reads what MarshalBinary wrote. Anything else is an error, after which the model is as it was: learn it
// anew. Scoring with a model that was read is safe, whoever wrote the bytes.
func (m *Model) UnmarshalBinary(data []byte) error {
	read, err := parse(data)
	if err != nil {
		return fmt.Errorf("learn: read a model of %d bytes: %w: train it anew", len(data), err)
	}
	*m = *read
	return nil
}

func parse(data []byte) (*Model, error) {
	body, ok := bytes.CutPrefix(data, []byte(version))
	if !ok {
		return nil, errors.New("it is of another version, or no model")
	}
	if len(body) < sha256.Size {
		return nil, errors.New("it ends early")
	}
	body = body[:len(body)-sha256.Size]
	if sum := sha256.Sum256(data[:len(data)-sha256.Size]); !bytes.HasSuffix(data, sum[:]) {
		return nil, errors.New("its checksum is wrong")
	}
	var h header
	n, err := binary.Decode(body, binary.LittleEndian, &h)
	if err != nil || uint64(len(body)-n) != h.size() {
		return nil, errors.New("its lengths do not fit")
	}
	m := &Model{
		vocabulary: vocabulary{keys: make([]uint64, h.Features), rarity: make([]float32, h.Features)},
		bias:       make([]int32, h.Classes), scale: make([]float32, h.Features),
		rowAt: make([]uint32, h.Features+1), rowClass: make([]uint16, h.Entries), rowWeight: make([]int8, h.Entries),
		decay: newDecay(), seenAt: make([]uint32, h.Features+1), seen: make([]uint16, h.Seen),
	}
	if h.Curve > 0 {
		m.calibration.curve = make([]point, h.Curve)
	}
	lengths, names := make([]uint32, h.Classes), make([]byte, h.Names)
	for _, part := range m.parts(lengths, names) {
		size := binary.Size(part) // of slices of int8, Decode would fill more than there is
		if _, err := binary.Decode(body[n:n+size], binary.LittleEndian, part); err != nil {
			return nil, err
		}
		n += size
	}
	if m.classes, err = cut(names, lengths); err != nil {
		return nil, err
	}
	if err := m.check(); err != nil {
		return nil, err
	}
	m.family = families(m.classes)
	m.index()
	return m, nil
}

// cut takes the names apart.
func cut(names []byte, lengths []uint32) ([]string, error) {
	classes := make([]string, len(lengths))
	for i, n := range lengths {
		if uint64(n) > uint64(len(names)) {
			return nil, errors.New("a name is longer than all names")
		}
		classes[i], names = string(names[:n]), names[n:]
	}
	if len(names) > 0 {
		return nil, errors.New("there are more names than classes")
	}
	return classes, nil
}

// check makes sure that scoring stays within the slices and the range of its numbers.
func (m *Model) check() error {
	for _, test := range []struct {
		ok      bool
		message string
	}{
		{len(m.classes) > 1 && len(m.classes) <= maxClasses && ascending(m.classes), "its classes are too few, too many, or out of order"},
		{ascending(m.keys), "its features are out of order"},
		{rows(m.rowAt, len(m.rowClass)) && rows(m.seenAt, len(m.seen)), "its rows do not fit"},
		{below(m.rowClass, len(m.classes)) && below(m.seen, len(m.classes)), "it names a class that it does not have"},
		{between(m.scale, 0, maxWeight/126.0) && between(m.bias, -maxBias*unit, maxBias*unit), "a weight is out of range"},
		{between(m.rarity, 1e-3, 1e3) && between([]float64{m.unseen}, 1e-3, 1e3), "a rarity is out of range"},
		{between(m.calibration.weight[:], -1e6, 1e6) && between([]float64{m.calibration.outside}, 0, 1e9), "its calibration is out of range"},
		{len(m.calibration.curve) == 0 || len(m.calibration.curve) == curvePoints, "its curve has another length"},
	} {
		if !test.ok {
			return errors.New(test.message)
		}
	}
	return nil
}

// rows tells whether the beginnings of rows cut so many entries.
func rows(at []uint32, entries int) bool {
	return slices.IsSorted(at) && int(at[len(at)-1]) == entries
}

func ascending[T string | uint64](list []T) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}

func below(classes []uint16, limit int) bool {
	return len(classes) == 0 || int(slices.Max(classes)) < limit
}

// between tells whether all numbers are in a range; NaN never is.
func between[T int32 | float32 | float64](list []T, low, high float64) bool {
	return !slices.ContainsFunc(list, func(x T) bool {
		return math.IsNaN(float64(x)) || float64(x) < low || float64(x) > high
	})
}
