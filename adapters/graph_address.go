package adapters

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Address is where something can be reached: nothing of it is secret.
type Address struct {
	Host   string // in lower case, without a dot at its end; an IP address in its canonical form
	Port   int    // 0 when it was not told
	Scheme string // of the URL that it was in, in lower case; empty when it was in none
}

// schemes are those of URLs that name a host to connect to. Of others the part in its place may be a bucket, or a file.
var schemes = strings.Fields(`http https h2c ws wss grpc grpcs tcp udp tls ssl otlp postgres postgresql mysql mariadb sqlserver mssql
	clickhouse cassandra cockroachdb mongodb mongodb+srv redis rediss valkey valkeys memcached elasticsearch opensearch neo4j bolt
	etcd zookeeper amqp amqps nats kafka mqtt mqtts pulsar ldap ldaps smtp smtps imap imaps ftp ftps sftp ssh dns stun turn`)

// Addresses returns the addresses that a text is: a host, HOST:PORT, a URL, or a list of them with commas between. It is
// strict, for such texts hold secrets: nothing but host, port and scheme is ever in what it returns, and it returns nothing of
// a text that can be read in two ways, such as a URL whose password has an unescaped "@" or "/" in it, nor of one that looks
// like a secret. This machine itself (localhost, 0.0.0.0) is no address.
func Addresses(text string) []Address {
	if len(text) > 4096 {
		return nil
	}
	if strings.Contains(text, "@") || strings.Count(text, "://") < 2 {
		return addressesIn(text)
	}
	var all []Address
	for one := range strings.SplitSeq(text, ",") {
		found := addressesIn(strings.TrimSpace(one))
		if found == nil {
			return nil
		}
		all = append(all, found...)
	}
	return all
}

// addressesIn reads one URL, which may have several hosts, or hosts alone.
func addressesIn(text string) []Address {
	scheme, authority, isURL := strings.Cut(text, "://")
	if !isURL {
		scheme, authority = "", text
	} else if scheme = strings.TrimPrefix(strings.ToLower(scheme), "jdbc:"); !slices.Contains(schemes, scheme) {
		return nil
	}
	if at := strings.IndexAny(authority, "/?#;"); isURL && at >= 0 {
		if strings.Contains(authority[at:], "@") {
			return nil
		}
		authority = authority[:at]
	}
	if _, after, signedIn := strings.Cut(authority, "@"); signedIn && isURL {
		authority = after
	}
	var all []Address
	for one := range strings.SplitSeq(authority, ",") {
		a, ok := parseAddress(strings.TrimSpace(one))
		if !ok {
			return nil
		}
		a.Scheme = scheme
		all = append(all, a)
	}
	return all
}

func parseAddress(text string) (a Address, ok bool) {
	host, port := text, ""
	if ip, rest, bracketed := strings.Cut(strings.TrimPrefix(text, "["), "]"); bracketed && strings.HasPrefix(text, "[") {
		host, port = ip, strings.TrimPrefix(rest, ":")
		if _, err := netip.ParseAddr(ip); err != nil || rest != "" && port == "" || rest != "" && rest[0] != ':' {
			return Address{}, false
		}
	} else if strings.Count(text, ":") == 1 {
		if host, port, _ = strings.Cut(text, ":"); port == "" {
			return Address{}, false
		}
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return Address{}, false
		}
		a.Port = int(n)
	}
	a.Host, ok = parseHost(host)
	return a, ok
}

// parseHost accepts an IP address of another machine, or a host name: letters, digits and hyphens, a letter in the last label.
func parseHost(text string) (host string, ok bool) {
	if ip, err := netip.ParseAddr(text); err == nil {
		ip = ip.Unmap()
		elsewhere := ip.Zone() == "" && !ip.IsUnspecified() && !ip.IsLoopback() && !ip.IsMulticast() && !ip.IsLinkLocalUnicast()
		return ip.String(), elsewhere
	}
	host = strings.ToLower(strings.TrimSuffix(text, "."))
	if len(host) > 253 || host == "localhost" || strings.HasSuffix(host, ".localhost") || RedactText(text) != text {
		return "", false
	}
	labels := strings.Split(host, ".")
	if slices.ContainsFunc(labels, func(l string) bool { return !isLabel(l) }) {
		return "", false
	}
	return host, strings.ContainsAny(labels[len(labels)-1], "abcdefghijklmnopqrstuvwxyz")
}

func isLabel(label string) bool {
	plain := func(r rune) bool { return r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' }
	return label != "" && len(label) <= 63 && label[0] != '-' && label[len(label)-1] != '-' &&
		!strings.ContainsFunc(label, func(r rune) bool { return !plain(r) })
}

// hostOf returns the one host that a text names, if that means something outside of the machine and search path it was written
// for: an IP address, or a name with a dot in it. A name may begin with "*.".
func hostOf(text string) (host string, ok bool) {
	rest, wild := strings.CutPrefix(text, "*.")
	found := Addresses(rest)
	if len(found) != 1 || !strings.ContainsAny(found[0].Host, ".:") {
		return "", false
	}
	if wild {
		return "*." + found[0].Host, true
	}
	return found[0].Host, true
}

// privateEndings are those of names that are resolved differently in every network.
var privateEndings = []string{".local", ".internal", ".lan", ".localdomain", ".intranet", ".corp", ".home.arpa", ".svc", ".test", ".private"}

var sharedSpace = netip.MustParsePrefix("100.64.0.0/10") // of carriers, and of clusters

// private reports whether a host means something within one network only.
func private(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsPrivate() || sharedSpace.Contains(ip)
	}
	return slices.ContainsFunc(privateEndings, func(ending string) bool { return strings.HasSuffix(host, ending) })
}

// Reference spells an entry of the attributes connects_to and points_to: see [Graph]. Where may be empty.
func Reference(host, where string) string {
	if where == "" {
		return host
	}
	return host + " (" + where + ")"
}

// Proof says what names a host, as the evidence of a relation: "env DATABASE_HOST = orders-postgres".
func Proof(where, host string) string {
	if SecretKey(where) { // DATABASE_URL: redaction would take the host for the secret
		return where + " has host " + host
	}
	return where + " = " + host
}
