package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"
)

// Format is how log records are written: logfmt for people, or JSON for machines.
type Format string

// The formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

// Options are what a logger needs to know.
type Options struct {
	Format Format
	Level  *slog.LevelVar // the least severe level that is written, changeable while it runs; info when nil
	Known  *Known         // secrets known by value; none when nil
}

// NewLogger returns a logger that writes one line per record to w, in one call of Write, redacted. It is an error when the
// format is neither of the two.
func NewLogger(w io.Writer, o Options) (*slog.Logger, error) {
	level := &slog.HandlerOptions{}
	if o.Level != nil {
		level.Level = o.Level
	}
	if file, ok := w.(*os.File); ok {
		w = &hasty{to: file, gap: gap(o.Format)}
	}
	w = &maskingWriter{to: w, known: o.Known}
	switch o.Format {
	case Text:
		return slog.New(Redact(slog.NewTextHandler(w, level), o.Known)), nil
	case JSON:
		return slog.New(Redact(slog.NewJSONHandler(w, level), o.Known)), nil
	}
	return nil, fmt.Errorf("open the log: format %.40q is unknown: use %s or %s", o.Format, Text, JSON)
}

// maskingWriter looks at each finished line once more: what was bound by With before a secret became known has been
// formatted already, and a secret may be a number.
type maskingWriter struct {
	to    io.Writer
	known *Known
}

func (w *maskingWriter) Write(line []byte) (int, error) {
	if _, err := w.to.Write(w.known.maskBytes(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// Line is the one line that is logged for a call of a tool, whatever its outcome.
type Line struct {
	Answer    string        // id of the answer, empty when there is none
	Tool      string        // clanker_route_question
	Intent    string        // what the question was taken for, "none" when for nothing
	Status    string        // as in the answer, or one of those that [Metrics.Call] adds
	Took      time.Duration // written as milliseconds, with a microsecond's precision
	Bytes     int           // size of the answer as sent
	Client    string        // who asked, in its own words
	Transport string        // http or stdio
}

// Attrs returns the line's attributes, in the order of the manual. What is empty is left out.
func (l Line) Attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 8)
	text := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, value))
		}
	}
	text("answer", l.Answer)
	text("tool", l.Tool)
	text("intent", l.Intent)
	text("status", l.Status)
	attrs = append(attrs, slog.Float64("ms", float64(l.Took.Microseconds())/1000), slog.Int("bytes", l.Bytes))
	text("client", l.Client)
	text("transport", l.Transport)
	return attrs
}

// Log writes the line, at level info.
func (l Line) Log(ctx context.Context, log *slog.Logger) {
	log.LogAttrs(ctx, slog.LevelInfo, "call", l.Attrs()...)
}
