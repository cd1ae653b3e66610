package web

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for path, want := range map[string]struct {
		status int
		media  string
	}{
		"/":                    {200, "text/html; charset=utf-8"},
		"/proposals/01ABC":     {200, "text/html; charset=utf-8"},
		"/enrol":               {200, "text/html; charset=utf-8"},
		"/approvers":           {200, "text/html; charset=utf-8"},
		"/static/main.js":      {200, "text/javascript; charset=utf-8"},
		"/static/base.css":     {200, "text/css; charset=utf-8"},
		"/static/icon.svg":     {200, "image/svg+xml"},
		"/static/":             {404, ""},
		"/static/nothing.js":   {404, ""},
		"/pages.go":            {404, ""},
		"/proposals/a/b":       {404, ""},
		"/static/%2e%2e/go":    {404, ""},
		"/static/main.js/more": {404, ""},
	} {
		answer := o.get(path)
		assert.Equal(t, want.status, answer.status, path)
		if want.status == http.StatusOK {
			assert.Equal(t, want.media, answer.header.Get("Content-Type"), path)
			assert.Equal(t, "no-store", answer.header.Get("Cache-Control"), path)
			assert.NotEmpty(t, answer.body, path)
		}
	}
}

// What the content security policy would stop, and what it cannot see: markup made from texts, and anything from elsewhere.
var forbidden = map[string]*regexp.Regexp{ // never changed
	"inline style":         regexp.MustCompile(`(?i)<style|\sstyle\s*=|\.style\b|cssText`),
	"inline script":        regexp.MustCompile(`(?i)<script(?:\s+type="module")?\s*>`),
	"inline handler":       regexp.MustCompile(`(?i)<[^>]*\son[a-z]+\s*=`),
	"javascript address":   regexp.MustCompile(`(?i)javascript:`),
	"markup made of texts": regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|srcdoc|setHTML`),
	"code made of texts":   regexp.MustCompile(`\beval\(|new Function|setTimeout\("`),
	"from elsewhere":       regexp.MustCompile(`(?i)(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}|@import|\burl\(`),
}

func TestStaticFilesAreSafe(t *testing.T) {
	t.Parallel()
	names, err := fs.Glob(static, "static/*")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		content, err := fs.ReadFile(static, name)
		require.NoError(t, err)
		text := strings.ReplaceAll(string(content), `"http://www.w3.org/2000/svg"`, `""`) // a name, from which nothing is loaded
		for what, pattern := range forbidden {
			assert.Empty(t, pattern.FindString(text), "%s: %s", name, what)
		}
		assert.NotEqual(t, "application/octet-stream", mediaType(name), name)
		assert.LessOrEqual(t, strings.Count(text, "\n"), 400, name)
	}
}

// The document loads every module at once, so that the page does not build up in steps.
func TestTheDocumentNamesAllModules(t *testing.T) {
	t.Parallel()
	page, err := fs.ReadFile(static, "static/page.html")
	require.NoError(t, err)
	names, err := fs.Glob(static, "static/*.*")
	require.NoError(t, err)
	for _, name := range names {
		if name != "static/page.html" {
			assert.Contains(t, string(page), `"/`+name+`"`)
		}
	}
}
