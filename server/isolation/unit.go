package isolation

import _ "embed"

// Unit is the systemd unit of a workspace with a user of its own.
//
//go:embed clanker.service
var Unit string
