package claims

import (
	"regexp"
	"strings"

	"clanker/router"
)

// clean makes plain text of several lines: each of them printable, see [router.Printable], with its indentation.
func clean(text string) string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i, line := range lines {
		bare := strings.TrimLeft(line, " ")
		lines[i] = strings.TrimRight(line[:len(line)-len(bare)]+router.Printable(bare), " ")
	}
	return strings.Join(lines, "\n")
}

// removed stands where a link stood that no provider gave.
const removed = "[link removed]"

var (
	tags        = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9]*(?:[\s/][^<>]*)?>|<!--[^<>]*-->`)
	tagStart    = regexp.MustCompile(`<([a-zA-Z/!?])`)
	images      = regexp.MustCompile(`!\[[^\]\n]*\]\([^)\n]*\)`)
	links       = regexp.MustCompile(`\[([^\]\n]*)\]\(([^)\n]*)\)`)
	definitions = regexp.MustCompile(`(?m)^(\s*\[[^\]\n]*\]):`)
	addresses   = regexp.MustCompile("(?i)(?:(?:[a-z][a-z0-9+.-]*://|https?:[/\\\\]+|//|www\\.|\\b(?:javascript|vbscript|mailto|file):|\\bdata:[a-z]+/)|\\b" + host + ")[^\\s<>\"'`()\\[\\]{}|]+")
	bareHost    = regexp.MustCompile("(?i)^" + host)
)

// host is how an address without a scheme begins: the name of a host, or a port of this machine or of one by its number.
const host = `(?:(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?|(?:localhost|\d{1,3}(?:\.\d{1,3}){3}):\d+)[/?#]`

// addressEnd is what may stand behind an address and is not of it.
const addressEnd = ".,;:!?*_"

// cleaned is a model's text without what could act on its reader: escape sequences, marks that only a check may set, HTML, images, and
// links that no provider gave. Cleaning it again changes nothing.
func (f *Facts) cleaned(text string) string {
	text = tags.ReplaceAllString(withoutMarks(clean(text)), "")
	text = images.ReplaceAllString(text, removed)
	text = links.ReplaceAllStringFunc(text, f.unlinked)
	text = addresses.ReplaceAllStringFunc(text, f.kept)
	text = tagStart.ReplaceAllString(text, "‹$1")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "](", "] ("), "![", "! [")
	return clean(withoutMarks(definitions.ReplaceAllString(text, "$1 :"))) // what was taken out leaves spaces at the ends of lines
}

// unlinked is a link of markdown as plain text: what it says, and where it leads.
func (f *Facts) unlinked(link string) string {
	m := links.FindStringSubmatch(link)
	if f.links[m[2]] {
		return m[1] + " " + m[2]
	}
	return m[1] + " " + removed
}

// kept is an address if a provider gave it. One without a scheme is also the name of an image: it stays if it was read anywhere, whole.
func (f *Facts) kept(address string) string {
	bare := strings.TrimRight(address, addressEnd)
	if f.links[bare] || bareHost.MatchString(bare) && f.names[strings.ToLower(bare)] {
		return address
	}
	return removed + address[len(bare):]
}

// link takes note of the addresses in a line.
func (f *Facts) link(line string) {
	for _, address := range addresses.FindAllString(line, -1) {
		f.links[strings.TrimRight(address, addressEnd)] = true
	}
}

// withoutMarks takes out marks that a model wrote itself, and those that their removal would make.
func withoutMarks(text string) string {
	bare := strings.TrimSpace(router.Unverified)
	if !strings.Contains(text, bare) {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := range len(text) {
		if out = append(out, text[i]); text[i] == ']' && strings.HasSuffix(string(out[max(0, len(out)-len(bare)):]), bare) {
			out = out[:len(out)-len(bare)]
			if len(out) > 0 && out[len(out)-1] == ' ' {
				out = out[:len(out)-1]
			}
		}
	}
	return string(out)
}
