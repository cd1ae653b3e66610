package adapters

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// builtinShapes are the shapes of values that all tables may use and that a regular expression can tell.
var builtinShapes = sync.OnceValue(func() map[string]*regexp.Regexp {
	shapes := map[string]*regexp.Regexp{}
	for name, pattern := range map[string]string{
		"name":     `[A-Za-z0-9_][A-Za-z0-9_.-]*`,
		"names":    `[A-Za-z0-9_][A-Za-z0-9_.-]*(,[A-Za-z0-9_][A-Za-z0-9_.-]*)*`,
		"int":      `-?[0-9]{1,12}`,
		"bool":     `true|false`,
		"duration": `([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d|w|y)?)+`,
		"time":     `[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})?)?`,
		"url":      `https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~:/?@!$&'()*+,;=%-]*)?`,
	} {
		shapes[name] = whole(pattern)
	}
	return shapes
})

// whole compiles a pattern that must fit all of a value.
func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

// readingSQL and addingSQL are the first words of statements that change nothing, and of those that change nothing that
// is there.
func readingSQL() []string { return []string{"SELECT", "SHOW", "DESCRIBE", "DESC", "VALUES"} }

func addingSQL() []string { return append(readingSQL(), "INSERT", "CREATE") }

// losingSQL are words that make a statement of those change what is there, wherever they stand. A word inside a text is
// taken for one too: the command is then classed too strong, never too weak.
var losingSQL = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(DELETE|DROP|TRUNCATE|UPDATE|REPLACE|MERGE|ALTER|GRANT|REVOKE|EXEC|EXECUTE|CALL|ATTACH|DETACH|COPY|LOAD|PRAGMA|VACUUM|OVERWRITE|UNLOAD|CONFLICT)\b|\b(PG_|LO_|XP_|DBLINK|SETVAL|NEXTVAL|SET_CONFIG)\w*\s*\(`)
})

var writingSQL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\b(INTO|INSERT|CREATE|LOCK|SET)\b`) })

// onlySQL reports whether every statement begins with one of these words and none loses anything. Comments are not
// understood, so they are not accepted: one may hide a statement.
func onlySQL(text string, words []string) bool {
	if strings.Contains(text, "--") || strings.Contains(text, "/*") || strings.Contains(text, "#") || losingSQL().MatchString(text) {
		return false
	}
	if !slices.Contains(words, "INSERT") && writingSQL().MatchString(text) {
		return false
	}
	statements := 0
	for statement := range strings.SplitSeq(text, ";") {
		if statement = strings.TrimSpace(statement); statement == "" {
			continue
		}
		first, _, _ := strings.Cut(strings.ReplaceAll(statement, "(", " "), " ")
		if !slices.Contains(words, strings.ToUpper(first)) {
			return false
		}
		statements++
	}
	return statements > 0
}
