//go:build e2e

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// follows says which text a scripted model writes after which.
type follows struct{ after, next string }

// vocabulary are the tokens of a scripted model, and their kinds: each text of its script is one, and all else in a prompt is bytes.
func vocabulary(script []follows) (texts []string, kinds []int32) {
	const normal, unknown, control, single = 1, 2, 3, 6
	texts, kinds = []string{"<unk>", "<s>", "</s>"}, []int32{unknown, control, control}
	for b := range 256 {
		texts, kinds = append(texts, fmt.Sprintf("<0x%02X>", b)), append(kinds, single)
	}
	for _, f := range script {
		for _, text := range []string{f.after, f.next} {
			switch {
			case slices.Contains(texts, text):
			case strings.HasPrefix(text, "<|"): // it is understood in a prompt
				texts, kinds = append(texts, text), append(kinds, control)
			default:
				texts, kinds = append(texts, text), append(kinds, normal)
			}
		}
	}
	return texts, kinds
}

// modelWidth is how many numbers a token is inside of a scripted model: one more than its script may have lines.
const modelWidth = 16

// scripted is a model in the GGUF format whose next token depends on the one before alone: its attention and feed forward add nothing to
// the embedding, and its output is a table of what follows what. It ends after all that nothing follows.
func scripted(script ...follows) []byte {
	texts, kinds := vocabulary(script)
	embedding, output := make([]float32, len(texts)*modelWidth), make([]float32, len(texts)*modelWidth)
	for token, text := range texts {
		line := 1 + slices.IndexFunc(script, func(f follows) bool { return f.after == text })
		embedding[token*modelWidth+line] = 1
	}
	output[slices.Index(texts, "</s>")*modelWidth] = 9
	for n, f := range script {
		output[slices.Index(texts, f.next)*modelWidth+n+1] = 9
	}
	g := &gguf{}
	g.set("general.architecture", kindText, "llama")
	g.set("llama.context_length", kindUint32, uint32(1<<17))
	g.set("llama.embedding_length", kindUint32, uint32(modelWidth))
	g.set("llama.feed_forward_length", kindUint32, uint32(modelWidth))
	g.set("llama.block_count", kindUint32, uint32(1))
	g.set("llama.attention.head_count", kindUint32, uint32(1))
	g.set("llama.attention.layer_norm_rms_epsilon", kindFloat32, float32(1e-6))
	g.set("tokenizer.ggml.model", kindText, "llama")
	g.set("tokenizer.ggml.tokens", kindList, kindText, texts)
	g.set("tokenizer.ggml.scores", kindList, kindFloat32, uint64(len(texts)), make([]float32, len(texts)))
	g.set("tokenizer.ggml.token_type", kindList, kindInt32, uint64(len(kinds)), kinds)
	g.add("token_embd", embedding)
	for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"} {
		g.add("blk.0."+name, make([]float32, modelWidth*modelWidth))
	}
	for _, name := range []string{"blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"} {
		g.add(name, slices.Repeat([]float32{1}, modelWidth))
	}
	g.add("output", output)
	return g.file()
}

// The kinds of values in a GGUF file.
const (
	kindUint32  uint32 = 4
	kindInt32   uint32 = 5
	kindFloat32 uint32 = 6
	kindText    uint32 = 8
	kindList    uint32 = 9
)

// gguf is a file of that format while it is written.
type gguf struct {
	keys, tensors          uint64
	values, tables, floats bytes.Buffer
}

// set adds a key and what it has, each value after its kind.
func (g *gguf) set(key string, value ...any) {
	g.keys++
	put(&g.values, append([]any{key}, value...)...)
}

// add adds the weights of a layer: a row, or as many as there are.
func (g *gguf) add(name string, weights []float32) {
	g.tensors++
	size := []uint64{modelWidth, uint64(len(weights) / modelWidth)}
	if size[1] == 1 {
		size = size[:1]
	}
	put(&g.tables, name+".weight", uint32(len(size)), size, uint32(0), uint64(g.floats.Len()))
	put(&g.floats, weights)
}

// file is the whole, in which the weights begin at a multiple of 32 bytes.
func (g *gguf) file() []byte {
	file := bytes.NewBufferString("GGUF")
	put(file, uint32(3), g.tensors, g.keys, g.values.Bytes(), g.tables.Bytes())
	put(file, make([]byte, -file.Len()&31), g.floats.Bytes())
	return file.Bytes()
}

// put writes values as the format has them: a text after its length, and so a list of texts.
func put(w *bytes.Buffer, values ...any) {
	for _, value := range values {
		switch value := value.(type) {
		case string:
			put(w, uint64(len(value)), []byte(value))
		case []string:
			put(w, uint64(len(value)))
			for _, text := range value {
				put(w, text)
			}
		default:
			_ = binary.Write(w, binary.LittleEndian, value) // a buffer takes all
		}
	}
}
