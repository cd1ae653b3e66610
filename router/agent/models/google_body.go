package models

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// quietly reads answers for genai, which writes to the log of the process when one breaks off. It takes them for ended, and what
// happened is kept in the brokenOff of the request's context.
type quietly struct{ next http.RoundTripper }

// brokenOff is why an answer broke off; nil if it did not. One goroutine makes the request and reads the answer.
type brokenOff struct{ err error }

type brokenOffKey struct{}

func noticing(ctx context.Context) (context.Context, *brokenOff) {
	b := &brokenOff{}
	return context.WithValue(ctx, brokenOffKey{}, b), b
}

func quiet(client *http.Client) *http.Client {
	own := *client
	if own.Transport == nil {
		own.Transport = http.DefaultTransport
	}
	own.Transport = quietly{own.Transport}
	return &own
}

// RoundTrip is that of the next.
func (q quietly) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := q.next.RoundTrip(r)
	if b, ok := r.Context().Value(brokenOffKey{}).(*brokenOff); ok && err == nil {
		response.Body = &quietBody{ReadCloser: response.Body, broken: b}
	}
	return response, err
}

type quietBody struct {
	io.ReadCloser
	broken *brokenOff
}

func (q *quietBody) Read(p []byte) (int, error) {
	n, err := q.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		q.broken.err, err = err, io.EOF
	}
	return n, err
}
