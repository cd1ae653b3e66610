package telemetry

import (
	"context"
	"log/slog"
	"strings"
	"unicode"

	"clanker/adapters"
	"clanker/router"
)

// Redact returns a handler that hands records on without secrets and control characters: in the message, the keys and
// the values of every kind, also in groups and inside of what is logged as it is. Text goes through the project's one
// redaction ([adapters.RedactText]); a value whose own key, or that of a group, map or struct around it, names a secret
// ([adapters.SecretKey]) is masked whole. Secrets known by value are masked too; known may be nil.
func Redact(next slog.Handler, known *Known) slog.Handler {
	return &redactor{next: next, cleaner: cleaner{known: known}}
}

// redactor cleans records.
type redactor struct {
	next   slog.Handler
	secret bool // a group that is open names a secret
	cleaner
}

var _ slog.Handler = (*redactor)(nil)

// Enabled reports whether the handler behind it writes records of this level.
func (h *redactor) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle hands on a clean copy of the record.
func (h *redactor) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.text(r.Message), r.PC)
	var buffer [12]slog.Attr
	attrs := buffer[:0]
	r.Attrs(func(a slog.Attr) bool {
		attrs = append(attrs, h.attr(a, h.secret))
		return true
	})
	clean.AddAttrs(attrs...)
	return h.next.Handle(ctx, clean)
}

// WithAttrs binds clean copies of the attributes.
func (h *redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next = h.next.WithAttrs(h.attrs(attrs, h.secret))
	return &with
}

// WithGroup opens a group. All that goes into one whose name is a secret's is masked.
func (h *redactor) WithGroup(name string) slog.Handler {
	with := *h
	name = h.text(name)
	with.next, with.secret = h.next.WithGroup(name), h.secret || adapters.SecretKey(name)
	return &with
}

// cleaner takes secrets and control characters out of values.
type cleaner struct {
	known *Known
	depth int
}

// text loses its control characters before secrets are looked for, because they may stand inside of one.
func (c cleaner) text(text string) string {
	text = c.known.mask(text)
	if router.Printable(text) != text {
		text = c.known.mask(router.Printable(strings.Map(joined, text)))
	}
	return adapters.RedactText(text)
}

// joined drops the control characters that do not part words, which [router.Printable] would make spaces of.
func joined(r rune) rune {
	if unicode.IsControl(r) && !unicode.IsSpace(r) && r != '\x1b' {
		return -1
	}
	return r
}

func (c cleaner) attrs(attrs []slog.Attr, secret bool) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = c.attr(a, secret)
	}
	return clean
}

func (c cleaner) attr(a slog.Attr, secret bool) slog.Attr {
	key := c.text(a.Key)
	return slog.Attr{Key: key, Value: c.value(a.Value.Resolve(), secret || adapters.SecretKey(key))}
}

func (c cleaner) value(v slog.Value, secret bool) slog.Value {
	c.depth++
	switch kind := v.Kind(); {
	case c.depth > maxDepth:
		return slog.StringValue(cut)
	case kind == slog.KindGroup:
		return slog.GroupValue(c.attrs(v.Group(), secret)...)
	case secret:
		return masked(v)
	case kind == slog.KindString:
		return slog.StringValue(c.text(v.String()))
	case kind == slog.KindAny:
		return slog.AnyValue(c.any(v.Any()))
	default:
		return v
	}
}

// masked masks a value whole. That it is empty is no secret, and good to know.
func masked(v slog.Value) slog.Value {
	if v.Equal(slog.StringValue("")) || v.Kind() == slog.KindAny && v.Any() == nil {
		return v
	}
	return slog.StringValue(adapters.Redacted)
}
