package web

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
)

//go:embed static
var static embed.FS

// pages adds the page itself: one document for all addresses, whose script reads which one it is, and what it is made of.
func (w *Web) pages(mux *http.ServeMux) {
	for _, address := range []string{"/{$}", "/proposals/{id}", "/enrol", "/approvers"} {
		mux.HandleFunc("GET "+address, file("page.html"))
	}
	entries, _ := fs.ReadDir(static, "static") // it is part of the program, so it is there
	for _, entry := range entries {
		mux.HandleFunc("GET /static/"+entry.Name(), file(entry.Name()))
	}
}

// file serves one file. Nothing is kept by browsers: after an update the page and the interface fit each other.
func file(name string) http.HandlerFunc {
	content, _ := fs.ReadFile(static, "static/"+name)
	return func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", mediaType(name))
		out.Header().Set("Cache-Control", "no-store")
		_, _ = out.Write(content) // fails when the client has gone
	}
}

// mediaType is told by the name alone: what the machine thinks of names does not count.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return "application/octet-stream"
}
