package web

import "net/http"

// pages adds the page itself.
func (w *Web) pages(mux *http.ServeMux) {}
