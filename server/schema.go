package server

import _ "embed"

// answerSchema is the output schema of clanker_route_question as tools/list publishes it: [router.Schema] cut off below
// the top level, which keeps the fields, their types, the enums and what is required. Every agent pays for the list in
// every conversation, and the full schema is many times as large. Whatever the full schema accepts, this one accepts.
//
// It is a file because it never changes while the program runs; a test makes it from the full schema, and with -update
// writes it.
//
//go:embed answer.schema.json
var answerSchema []byte
