package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// acceptWithin is how long a server may take to accept a connection: before that nobody holds its end.
const acceptWithin = 5 * time.Second

// Dial connects, and returns the connection only if the other end is held by [SameUser], so that neither a question nor a
// token is sent to somebody who took the port of a workspace that is gone. Where the system cannot tell (see [Supported];
// never on Linux) it only connects.
func Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var plain net.Dialer
	conn, err := plain.DialContext(ctx, network, addr)
	if err != nil || !asks {
		return conn, err
	}
	uid, err := accepter(ctx, conn)
	if err == nil && !SameUser(uid) {
		err = fmt.Errorf("what listens on %s belongs to uid %d, another user", addr, uid)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// accepter returns the owner of the other end, once it has been accepted.
func accepter(ctx context.Context, conn net.Conn) (uid int, err error) {
	ctx, cancel := context.WithTimeout(ctx, acceptWithin)
	defer cancel()
	for pause := 20 * time.Microsecond; ; pause = min(2*pause, 10*time.Millisecond) {
		if uid, err = Owner(conn); !errors.Is(err, ErrNoOwner) {
			return uid, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return 0, err
		}
	}
}
