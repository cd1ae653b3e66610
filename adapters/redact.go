package adapters

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Redacted stands where a secret stood.
const Redacted = "[redacted]"

// redact masks secrets in all that a driver brought: in place in the slices, which are handed over, and in copies of what
// they point to, which a driver may share. Kinds of
// secrets are counted, so that an answer can say that something was masked.
func redact(p part) part {
	m := &masker{counts: map[string]int{}}
	p.resources = m.resources(p.resources)
	p.changes = m.changes(p.changes)
	p.logs = m.logs(p.logs)
	p.sources = m.sources(p.sources)
	p.redactions = m.counts
	return p
}

func redactConnections(connections []Connection) []Connection {
	m := &masker{counts: map[string]int{}}
	connections = slices.Clone(connections)
	for i := range connections {
		c := &connections[i]
		c.Identity, c.Detail, c.Problem = m.text(c.Identity), m.text(c.Detail), m.problem(c.Problem)
	}
	return connections
}

// masker masks and counts.
type masker struct {
	counts map[string]int // by kind
	total  int
}

func (m *masker) count(kind string, n int) {
	m.counts[kind] += n
	m.total += n
}

func (m *masker) resources(resources []Resource) []Resource {
	for i := range resources {
		r := &resources[i]
		if name := m.text(r.Name); name != r.Name { // the ID ends in the name, so only then can a secret be in it
			r.Name, r.ID = name, m.text(r.ID)
		}
		r.Reason, r.Link = m.text(r.Reason), m.text(r.Link)
		r.Labels = masked(m, r.Labels, m.field)
		r.Attributes = masked(m, r.Attributes, m.value)
		r.Relations = m.relations(r.Relations)
	}
	return resources
}

func (m *masker) relations(relations []Relation) []Relation {
	for i, rel := range relations {
		if clean := m.text(rel.Evidence); clean != rel.Evidence {
			relations = slices.Clone(relations)
			relations[i].Evidence = clean
		}
	}
	return relations
}

func (m *masker) changes(changes []Change) []Change {
	for i := range changes {
		c := &changes[i]
		c.Before, c.After = m.value(c.Field, c.Before), m.value(c.Field, c.After)
		c.Actor, c.Event = m.text(c.Actor), m.text(c.Event)
	}
	return changes
}

func (m *masker) logs(lines []LogLine) []LogLine {
	for i := range lines {
		lines[i].Text = m.text(lines[i].Text)
	}
	return lines
}

func (m *masker) sources(sources []Source) []Source {
	for i := range sources {
		s := &sources[i]
		s.Call, s.Identity, s.Error = m.text(s.Call), m.text(s.Identity), m.problem(s.Error)
	}
	return sources
}

func (m *masker) problem(problem *SourceError) *SourceError {
	if problem == nil {
		return nil
	}
	clean := *problem
	clean.Detail, clean.Fix = m.text(clean.Detail), m.text(clean.Fix)
	return &clean
}

// masked returns the map with its values masked, the map itself when nothing had to be: most have no secret, and copying
// all of them costs more than reading them.
func masked[V any](m *masker, from map[string]V, mask func(key string, value V) V) map[string]V {
	var to map[string]V
	for key, value := range from {
		before := m.total
		clean := mask(key, value)
		if m.total == before {
			continue
		}
		if to == nil {
			to = maps.Clone(from)
		}
		to[key] = clean
	}
	if to == nil {
		return from
	}
	return to
}

// value masks what an attribute or a changed field holds.
func (m *masker) value(key string, value any) any {
	switch v := value.(type) {
	case string:
		return m.field(key, v)
	case []string:
		return m.list(key, v)
	case map[string]string:
		return masked(m, v, m.field)
	case map[string]any:
		return masked(m, v, m.value)
	case []any:
		return m.values(key, v)
	default:
		return value
	}
}

// list masks the secrets in words that may be a command's, where a flag and its value are two of them.
func (m *masker) list(key string, values []string) []string {
	clean := slices.Clone(values)
	name := key
	for i, word := range values {
		clean[i] = m.field(name, word)
		if name = key; strings.HasPrefix(word, "-") && !SecretKey(key) {
			name = word
		}
	}
	return clean
}

func (m *masker) values(key string, values []any) []any {
	clean := slices.Clone(values)
	for i := range clean {
		clean[i] = m.value(key, clean[i])
	}
	return clean
}

// shown reports whether a value tells nothing, even where it is a secret's.
func shown(value string) bool {
	return value == "" || value == Redacted || value == SomeValue || value == AnotherValue
}

// field masks a value whole when its key says that it is a secret, else the secrets within it.
func (m *masker) field(key, value string) string {
	if !shown(value) && SecretKey(key) {
		m.count("key", 1)
		return Redacted
	}
	return m.text(value)
}

// secretWords are the endings of keys whose values are secrets, without separators. Plurals ("secrets", "tokens") list
// names and are not among them.
var secretWords = []string{
	"password", "passwd", "passphrase", "pwd", "secret", "secretkey", "secretkeybase", "token", "apikey", "accesskey",
	"accountkey", "privatekey", "encryptionkey", "signingkey", "sshkey", "masterkey", "credential", "credentials", "connectionstring",
	"databaseurl", "dsn", "authorization", "cookie", "signature", "sastoken", "clientkeydata",
}

// secretShortWords are too short to be looked for at the end of other words: compass, bypass.
var secretShortWords = []string{"pass", "sig"}

// SecretKey reports whether a key names a secret: its end, without separators and case, is a secret word.
func SecretKey(key string) bool {
	var tail [20]byte
	n := 0
	key = strings.TrimRight(key, "0123456789")
	for i := len(key) - 1; i >= 0 && n < len(tail); i-- {
		if c := key[i]; c != '_' && c != '-' && c != '.' && c != ' ' && c != '"' && c != '\'' && c != '\\' {
			n++
			tail[len(tail)-n] = lower(c)
		}
	}
	last := strings.TrimPrefix(key[strings.LastIndexAny(key, "_-. \"'\\")+1:], "u0026") // \u0026 is & in JSON
	if slices.ContainsFunc(secretShortWords, func(word string) bool { return strings.EqualFold(last, word) }) {
		return true
	}
	end := string(tail[len(tail)-n:])
	return slices.ContainsFunc(secretWords, func(word string) bool { return strings.HasSuffix(end, word) })
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// secretShape is a kind of secret that is recognised by how it looks.
type secretShape struct {
	kind    string
	pattern *regexp.Regexp
	mask    string
}

// secretShapes are applied in this order. Each begins with something that [suspicious] looks for.
var secretShapes = []secretShape{
	{"privateKey", regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY( BLOCK)?-----.*?(-----END [A-Z ]*PRIVATE KEY( BLOCK)?-----|$)`), Redacted},
	{"privateKey", regexp.MustCompile(`LS0tLS1CRUdJTiB[EFPQS][A-Za-z0-9+/=]*`), Redacted}, // base64 of "-----BEGIN " and what is not a certificate
	{"jwt", regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)?`), Redacted},
	{"userinfo", regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s:/@]*:[^\s]+@`), "${1}" + Redacted + "@"},
	{"userinfo", regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s/@:]{20,}@`), "${1}" + Redacted + "@"},
	{"webhook", regexp.MustCompile(`(https://hooks\.slack\.com/(?:services|workflows)/)\S+`), "${1}" + Redacted},
	{"cloudKey", regexp.MustCompile(wordStart + `(?:AKIA|ASIA)[A-Z0-9]{16}\b`), "${1}" + Redacted},
	{"cloudKey", regexp.MustCompile(wordStart + `AIza[A-Za-z0-9_-]{35}`), "${1}" + Redacted},
	{"cloudKey", regexp.MustCompile(wordStart + `(?:ya29\.[A-Za-z0-9._-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,}|k8s-aws-v1\.[A-Za-z0-9_=-]{16,})`), "${1}" + Redacted},
	{"cloudKey", regexp.MustCompile(`[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{31,}`), Redacted}, // Entra ID
	{"token", regexp.MustCompile(wordStart + `(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|glsa_[A-Za-z0-9_]{20,}|(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{16,}|[rs]k_(live|test)_[A-Za-z0-9]{10,}|do[opr]_v1_[a-f0-9]{32,}|hvs\.[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|shp(at|ca|pa|ss)_[a-fA-F0-9]{20,}|whsec_[A-Za-z0-9+/=]{16,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})`), "${1}" + Redacted},
	{"bearer", regexp.MustCompile(`(?i)` + wordStart + `(bearer)\s+[A-Za-z0-9+/._~-]{16,}=*`), "${1}${2} " + Redacted},
	{"assignment", regexp.MustCompile(`(?i)((?:^|[^A-Za-z0-9])[A-Za-z0-9-]*cookie["'\\]*\s*[=:]\s*["'\\]*)` + cookie + `(?:;\s*` + cookie + `)+`), "${1}" + Redacted},
	{"assignment", regexp.MustCompile(secretName + `["'\\]*\s*(?:=>|:=|[=:])\s*(?:[|>][+-]?\s+)?)(` + secretValue + `)`), "${1}" + Redacted},
	{"assignment", regexp.MustCompile(`(?i)(\bname["'\\]*\s*:\s*["'\\]*[A-Za-z0-9_.-]*` + secretEnd + `["'\\]*\s*,?\s*["'\\]*value["'\\]*\s*:\s*)(` + secretValue + `)`), "${1}" + Redacted}, // a variable of a container
	{"assignment", regexp.MustCompile(`(?i)(<[A-Za-z0-9_.:-]*` + secretEnd + `>)[^<]+(</)`), "${1}" + Redacted + "${2}"},
	{"flag", regexp.MustCompile(`(?i)((?:^|\s)--?[A-Za-z0-9-]*` + secretEnd + `\s+)([^\s-]\S*)`), "${1}" + Redacted},
	{"flag", regexp.MustCompile(`((?:^|\s)(?:-u|--user)\s+[^\s:]+:)(\S+)`), "${1}" + Redacted},
}

// wordStart is where a token may begin: where a word does, and behind what ends a line or a word in text that was escaped
// for JSON or for a URL (\n, %20).
const wordStart = `(\b|\\[nrtbf]|%[0-9A-Fa-f]{2})`

// What an assignment of a secret looks like: a name that ends like a secret's, and a value, quoted (with escapes) or not, or
// a list of them; of YAML it may stand behind the sign of a block. Cookies are several, and may have attributes.
const (
	secretEnd   = `(?:password|passwd|passphrase|pwd|secret|secret[_-]?key(?:[_-]?base)?|token|api[_-]?key|access[_-]?key|account[_-]?key|(?:private|encryption|signing|ssh|master)[_-]?key|credentials?|connection[_-]?string|database[_-]?url|dsn|client[_-]?key[_-]?data|authorization|cookie|signature|(?:\b|_|u0026)(?:pass|sig))[0-9]*`
	secretName  = `(?i)((?:^|[^A-Za-z0-9])[A-Za-z0-9_.-]*?` + secretEnd
	secretValue = `\[[^][]*\]|\{[^{}]*\}|\\+"[^"\\]*\\+"|"(?:[^"\\]|\\.)*"|'[^']*'|(?:(?:bearer|basic|token|digest|negotiate|ntlm|apikey|dpop)\s+)?[^\s,;&"'\\]+`
	cookie      = `[^\s;,"'\\=]+(?:=[^\s;"'\\]*)?`
)

// RedactText masks the secrets within a text: the same choke point, for what is written elsewhere than in answers, such as
// the log. A text without a secret is returned as it is.
func RedactText(text string) string {
	m := &masker{counts: map[string]int{}}
	return m.text(text)
}

// RedactArgs does the same for the words of a command, where a flag and its value are two of them.
func RedactArgs(argv []string) []string {
	m := &masker{counts: map[string]int{}}
	return m.list("argv", argv)
}

// text masks the secrets within a text.
func (m *masker) text(text string) string { return m.hidden(m.shapes(text), mostLayers) }

// shapes masks those that stand there as they are.
func (m *masker) shapes(text string) string {
	if !suspicious(text) {
		return text
	}
	for _, shape := range secretShapes {
		found := len(shape.pattern.FindAllStringIndex(text, -1))
		if found == 0 {
			continue
		}
		clean := shape.pattern.ReplaceAllString(text, shape.mask)
		if clean != text { // an assignment that is masked already is found again
			m.count(shape.kind, found)
			text = clean
		}
	}
	return text
}

// suspicious is a cheap look for the beginnings of all [secretShapes]: nearly every text a provider returns is a name, an
// image or a number, and running nine expressions over each would cost more than reading the provider.
func suspicious(text string) bool {
	for i := range len(text) {
		if telling[text[i]] && beginsSecret(text, i) {
			return true
		}
	}
	return false
}

// telling are the bytes at which [beginsSecret] looks closer.
var telling = func() (table [256]bool) {
	for _, c := range []byte("-e:=> AgxsrdhnSwyGkL~") {
		table[c] = true
	}
	return table
}()

// beginsSecret reports whether a secret may begin at, or just after, a byte of the text.
func beginsSecret(text string, at int) bool {
	rest := text[at:]
	switch text[at] {
	case '=', '>':
		return assigned(text[:at])
	case ':':
		return signedIn(rest) || assigned(text[:at]) || strings.HasSuffix(strings.TrimRight(text[:at], `"'\`), "value")
	case ' ':
		return authScheme(text[:at]) || flagged(text[:at])
	case '-':
		return strings.HasPrefix(rest, "-----BEGIN")
	case 'e':
		return strings.HasPrefix(rest, "eyJ")
	case 'L':
		return strings.HasPrefix(rest, "LS0tLS1CRUdJTi")
	case '~':
		return strings.HasSuffix(text[:at], "8Q")
	default:
		return startsWord(text, at) && tokenStart(rest)
	}
}

// signedIn reports whether a colon begins the part of an address that may hold a secret.
func signedIn(rest string) bool {
	return strings.HasPrefix(rest, "://") && (strings.Contains(rest, "@") || strings.HasPrefix(rest, "://hooks."))
}

// assigned reports whether the word before a '=' or ':' names a secret.
func assigned(before string) bool {
	before = strings.TrimRight(before[max(0, len(before)-24):], " \t\"'\\")
	before = before[strings.LastIndexAny(before, "&?;,{[()<>")+1:]
	return SecretKey(before)
}

func authScheme(before string) bool {
	return strings.EqualFold(before[max(0, len(before)-6):], "bearer")
}

// flagged reports whether the word before a space is a flag whose value is a secret: --db-password, -u.
func flagged(before string) bool {
	flag := before[strings.LastIndexByte(before, ' ')+1:]
	return strings.HasPrefix(flag, "-") && (flag == "-u" || flag == "--user" || SecretKey(flag))
}

// tokenPrefixes are how vendors' tokens begin.
var tokenPrefixes = []string{
	"AKIA", "ASIA", "AIza", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xox", "xapp-", "sk-", "sk_", "rk_",
	"doo_v1_", "dop_v1_", "dor_v1_", "hvs.", "hf_", "npm_", "shp", "glsa_", "whsec_", "SG.", "ya29.", "GOCSPX-", "k8s-aws-v1.",
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= lower(c) && lower(c) <= 'z'
}

// startsWord is the cheap look for [wordStart].
func startsWord(text string, at int) bool {
	return at == 0 || !wordByte(text[at-1]) || at >= 2 && text[at-2] == '\\' || at >= 3 && text[at-3] == '%'
}

func tokenStart(text string) bool {
	for _, prefix := range tokenPrefixes {
		if prefix[0] == text[0] && strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
