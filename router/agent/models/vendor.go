package models

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/tmc/langchaingo/llms"

	"clanker/adapters"
)

// Vendor is a provider of models as people know it.
type Vendor struct {
	Name  string
	Keys  []string // variables that have its key; the first that is set counts; none: it needs no key
	Host  string   // the variable that has its URL; empty if there is none
	Usual string   // its usual URL
}

// Vendors are all that there are, sorted by name.
func Vendors() []Vendor {
	var all []Vendor
	for _, v := range vendors() {
		all = append(all, v.Vendor)
	}
	return all
}

// VendorNames are the names of the [Vendors].
func VendorNames() []string {
	var names []string
	for _, v := range vendors() {
		names = append(names, v.Name)
	}
	return names
}

// vendor is one with how it is opened.
type vendor struct {
	Vendor
	trim []string // what people write after its URL too
	wire func() wire
	open func(ctx context.Context, at endpoint, model string, client *http.Client) (llms.Model, error)
	list listing
}

// vendors are those of [Vendors].
func vendors() []vendor {
	return []vendor{
		{Vendor: Vendor{"anthropic", []string{"ANTHROPIC_API_KEY"}, "ANTHROPIC_BASE_URL", "https://api.anthropic.com"}, trim: []string{"/v1"},
			wire: newAnthropicWire, open: openAnthropic, list: listing{path: "/v1/models?limit=1000", header: "x-api-key", field: "data", name: "id"}},
		{Vendor: Vendor{"cohere", []string{"COHERE_API_KEY", "CO_API_KEY"}, "", "https://api.cohere.ai"}, trim: []string{"/compatibility/v1", "/v1"},
			wire: newCohereWire, open: openCohere, list: listing{path: "/v1/models?endpoint=chat&page_size=1000", header: "Authorization", scheme: "Bearer ", field: "models", name: "name"}},
		{Vendor: Vendor{"google", []string{"GOOGLE_API_KEY", "GEMINI_API_KEY"}, "", "https://generativelanguage.googleapis.com"}, trim: []string{"/openai", "/v1beta"},
			wire: newOpenAIWire, open: openGemini, list: listing{path: "/v1beta/models?pageSize=1000", header: "x-goog-api-key", field: "models", name: "name"}},
		{Vendor: Vendor{"ollama", nil, "OLLAMA_HOST", "http://127.0.0.1:11434"}, trim: []string{"/v1"},
			wire: newOpenAIWire, open: openOllama, list: listing{path: "/v1/models", header: "Authorization", scheme: "Bearer ", field: "data", name: "id"}},
		{Vendor: Vendor{"openai", []string{"OPENAI_API_KEY"}, "OPENAI_BASE_URL", "https://api.openai.com/v1"},
			wire: newOpenAIWire, open: openOpenAI, list: listing{path: "/models", header: "Authorization", scheme: "Bearer ", field: "data", name: "id"}},
	}
}

const ollama = "ollama"

func vendorOf(name string) (vendor, error) {
	all := vendors()
	if i := slices.IndexFunc(all, func(v vendor) bool { return v.Name == name }); i >= 0 {
		return all[i], nil
	}
	names := VendorNames()
	last := len(names) - 1
	return vendor{}, fmt.Errorf("there is no provider %.60q of models: there are %s and %s", name, strings.Join(names[:last], ", "), names[last])
}

// keyless reports whether the vendor is asked without a key where it has none.
func (v vendor) keyless(base *url.URL) bool {
	return v.Name == ollama || v.Name == "openai" && loopback(base)
}

// keyed is what to do about the vendor's key, where it takes one.
func (v vendor) keyed(fix string) string {
	if v.Keys != nil {
		return fix
	}
	return fmt.Sprintf("clanker sends %s no key: reach a server that takes one as models.openai.url, with models.openai.key", v.Name)
}

// endpoint is where a vendor is reached, and with which key.
type endpoint struct {
	vendor vendor
	base   *url.URL
	key    string // empty if there is none
	from   string // where the key was found, for errors: "ANTHROPIC_API_KEY", "models.anthropic.key"
	fixKey string // how to give it a key, where it has none
	where  string // where the URL is set, as "OPENAI_BASE_URL"; empty for the usual one
}

// rejected is what it means that its key is not good enough, and what to do about it.
func (e endpoint) rejected() (adapters.Reason, string) {
	if e.key == "" && e.vendor.Keys != nil {
		return adapters.NoCredentials, e.fixKey
	}
	return adapters.ExpiredCredentials, e.vendor.keyed(fmt.Sprintf("put a valid key into %s", e.from))
}

func (e endpoint) url(path string) string { return e.base.String() + path }

// fix is what to do where something else than the vendor seems to answer, or nothing.
func (e endpoint) fix() string {
	if e.where == "" {
		return fmt.Sprintf("check that %s can be reached from here", e.base.Host)
	}
	return fmt.Sprintf("check that %s answers, and the URL in %s", e.base.Host, e.where)
}

// local reports whether models run on this machine, as far as one can know: what takes a key there passes them on to somebody who is
// paid for them.
func (e endpoint) local() bool { return loopback(e.base) && e.key == "" }

// scrub takes the key out of what others wrote.
func (e endpoint) scrub(text string) string {
	if e.key != "" {
		text = strings.ReplaceAll(text, e.key, adapters.Redacted)
	}
	return adapters.RedactText(text)
}

func loopback(u *url.URL) bool {
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// endpoint finds the vendor's URL and key.
func (m *Models) endpoint(ctx context.Context, v vendor) (endpoint, error) {
	text, where := v.written(m.settings)
	base, wrong := v.parse(text, where)
	if wrong != nil {
		return endpoint{}, &adapters.SourceError{Reason: adapters.Unsupported, Detail: wrong.Key + ": " + wrong.What, Fix: wrong.Fix}
	}
	at := endpoint{vendor: v, base: base, where: where}
	var err error
	if at.key, at.from, err = m.key(ctx, v); err != nil {
		return endpoint{}, err
	}
	at.fixKey = m.fixKey(v)
	if at.key == "" && !v.keyless(base) {
		return endpoint{}, &adapters.SourceError{Reason: adapters.NoCredentials, Detail: "there is no key for " + v.Name, Fix: at.fixKey}
	}
	return at, nil
}

// fixKey says where to put a key; a variable is not looked at where a setting stands.
func (m *Models) fixKey(v vendor) string {
	setting := fmt.Sprintf("models.%s.key in %s", v.Name, m.settings.File)
	if m.settings.Providers[v.Name].Key != nil {
		return "mend " + setting
	}
	return fmt.Sprintf("set %s, or %s", strings.Join(v.Keys, " or "), setting)
}

// key finds the vendor's key, and says where.
func (m *Models) key(ctx context.Context, v vendor) (key, from string, err error) {
	if read := m.settings.Providers[v.Name].Key; read != nil {
		from = fmt.Sprintf("models.%s.key", v.Name)
		if key, err = read(ctx); ctx.Err() != nil {
			return "", "", ctx.Err()
		}
	} else if i := slices.IndexFunc(v.Keys, func(name string) bool { return strings.TrimSpace(m.settings.Getenv(name)) != "" }); i >= 0 {
		from, key = v.Keys[i], m.settings.Getenv(v.Keys[i])
	}
	key = strings.TrimSpace(key)
	if err == nil && strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		err = errors.New("what is there is no key: it has blanks or control characters in it")
	}
	if err != nil {
		return "", "", &adapters.SourceError{Reason: adapters.NoCredentials, Detail: fmt.Sprintf("read %s: %s", from, adapters.RedactText(err.Error())), Fix: m.fixKey(v), Err: err}
	}
	return key, from, nil
}

// written is what stands where the vendor's URL is set, and where that is; nowhere for the usual one.
func (v vendor) written(s Settings) (text, from string) {
	if set := s.Providers[v.Name].URL; set != "" {
		return set, fmt.Sprintf("models.%s.url", v.Name)
	}
	if v.Host == "" {
		return v.Usual, ""
	}
	if text = strings.TrimSpace(s.Getenv(v.Host)); text == "" {
		return v.Usual, ""
	}
	return text, v.Host
}

// parse is where the vendor is by a text that stands at from, without a slash at its end. The text is not repeated: it may have a key in
// it.
func (v vendor) parse(text, from string) (*url.URL, *Fault) {
	if v.Name == ollama {
		text = ollamaURL(text)
	}
	base, err := url.Parse(strings.TrimRight(text, "/"))
	fix := "write a URL as in " + v.Usual
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, &Fault{from, "this is no URL", fix}
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		if v.Keys != nil {
			fix += ", and the key in models." + v.Name + ".key"
		}
		return nil, &Fault{from, "there is more than a host and a path", fix}
	case base.Scheme == "http" && !loopback(base) && v.Keys != nil:
		return nil, &Fault{from, "a key goes over http to this machine only: others could read it on the way", "write https://, or reach a server that takes no key as models.ollama.url"}
	}
	for _, more := range v.trim {
		base.Path = strings.TrimSuffix(base.Path, more)
	}
	return base, nil
}

// ollamaURL is what ollama makes of OLLAMA_HOST: a host, a port or both will do. Where a server listens on all addresses, this
// machine's own is one of them.
func ollamaURL(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	port := map[string]string{"http": "80", "https": "443"}[scheme]
	if !ok {
		scheme, rest, port = "http", text, "11434"
	}
	at, path, _ := strings.Cut(rest, "/")
	host, own, err := net.SplitHostPort(at)
	if err != nil {
		host, own = strings.Trim(at, "[]"), port
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return fmt.Sprintf("%s://%s/%s", scheme, net.JoinHostPort(host, own), path)
}
