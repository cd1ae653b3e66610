package kubetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
)

// Write is a request of the audit log that would have changed something, whether it was allowed or not.
type Write struct {
	User string `json:"-"`
	Verb string `json:"verb"`
	Path string `json:"requestURI"`
}

// Writes returns what the user asked the API server to change, in order. Writes of the components, of kwok and of this
// package are never among them. Access reviews are no writes, they store nothing.
func (c *Cluster) Writes(user string) ([]Write, error) {
	file, err := os.Open(c.path("audit.log"))
	if err != nil {
		return nil, fmt.Errorf("read the audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	var writes []Write
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var event struct {
			Write
			User struct{ Username string }
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return nil, fmt.Errorf("read the audit log: %w", err)
		}
		if event.User.Username == user {
			event.Write.User = user
			writes = append(writes, event.Write)
		}
	}
	return writes, lines.Err()
}
