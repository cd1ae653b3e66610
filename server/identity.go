package server

import (
	"cmp"
	"context"
	"strings"

	mcpserver "github.com/mark3labs/mcp-go/server"

	"clanker/policies"
)

// maxClient is how many bytes of a client's name are kept: it is the client's own word, and goes into logs.
const maxClient = 64

// asker is who asks, as far as the protocol tells: an agent that claims a name when it connects. A bare POST claims none.
// A claim tells agents apart in a log; it proves nothing.
func asker(ctx context.Context) policies.Principal {
	name := ""
	if session, ok := mcpserver.ClientSessionFromContext(ctx).(mcpserver.SessionWithClientInfo); ok {
		name = session.GetClientInfo().Name
	}
	name = strings.ToValidUTF8(name[:min(len(name), maxClient)], "") // without the half of a character
	return policies.Principal{ID: cmp.Or(name, policies.Unknown), Kind: policies.Agent}
}
