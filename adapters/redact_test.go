package adapters

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// secrets are texts with a secret in them, by the kind that has to be found. The secret is what stands between « and ».
var secrets = []struct{ kind, text string }{
	{"assignment", `connecting with password=«hunter2hunter2» to db`},
	{"assignment", `{"db_password": «"s3cr3t,with,commas"», "user": "ana"}`},
	{"assignment", `DATABASE_PASSWORD='«it is long»'`},
	{"assignment", `api-key: «9f8e7d6c5b4a»`},
	{"assignment", `aws_secret_access_key = «wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY»`},
	{"assignment", `?access_token=«abc.def»&x=1`},
	{"assignment", `pwd=«abc»`},
	{"assignment", `Authorization: «Bearer abcdefghijklmnopqrst»`},
	{"assignment", "- name: DB_PASSWORD\n  value: «hunter2»\n- name: A"},
	{"assignment", `{"name": "DB_PASSWORD", "value": «"hunter2"»}`},
	{"userinfo", `postgres://orders:«p4ss»@orders-postgres:5432/orders`},
	{"userinfo", `https://«ghx0123456789012345678901234567890abcd»@github.com/x/y`},
	{"jwt", `token eyJ«hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U»`},
	{"cloudKey", `key AKIA«IOSFODNN7EXAMPLE» used`},
	{"cloudKey", `AIza«SyA1234567890abcdefghijklmnopqrstuv»`},
	{"token", `ghp_«abcdefghijklmnopqrstuvwxyz0123456789» is`},
	{"token", `xoxb-«123456789012-abcdefghijkl»`},
	{"token", `using sk-«a1b2c3d4e5f6g7h8i9j0» now`},
	{"token", `dop_v1_«0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef»`},
	{"token", `{\"log\":\"first\nghp_«abcdefghijklmnopqrstuvwxyz0123456789»\n\"}`},
	{"cloudKey", `?next=of%20AKIA«IOSFODNN7EXAMPLE»%20`},
	{"bearer", `first\nbearer «abcdefghijklmnop»`},
	{"bearer", `sent bearer «abcdefghijklmnop» to upstream`},
	{"assignment", `Authorization: «Token abcdefgh»`},
	{"assignment", `{\"password\":«\"hunter2\"»}`},
	{"assignment", `DB_PASS=«hunter2»`},
	{"assignment", `password => «hunter2»`},
	{"assignment", `password=«"a \" b"» next`},
	{"assignment", `DefaultEndpointsProtocol=https;AccountName=x;AccountKey=«abc/def+ghi==»;EndpointSuffix=core`},
	{"assignment", `https://x.blob.core.windows.net/c?sv=2024&sig=«abc%2Fdef»&se=2`},
	{"assignment", `https://x.blob.core.windows.net/c?sv=2024\u0026sig=«abc%2Fdef»\u0026se=2`},
	{"assignment", `X-Amz-Signature=«0123456789abcdef»`},
	{"assignment", `SECRET_KEY_BASE=«0123»`},
	{"assignment", `DATABASE_URL=«postgres://x»`},
	{"assignment", `password2: «x1»`},
	{"assignment", `password := "«hunter2»"`},
	{"assignment", "password: |\n  «hunter2»"},
	{"assignment", `password: >- «hunter2» next`},
	{"assignment", `{"password": ["«hunter2»"], "user": "ana"}`},
	{"assignment", `{"password":{"value":"«hunter2»"}}`},
	{"assignment", `map[password:[first «hunter2»] user:ana]`},
	{"assignment", `Authorization: Negotiate «YIIhunter2»`},
	{"assignment", `Cookie: theme=dark; sid=«hunter2»`},
	{"assignment", `curl -H "Cookie: a=b; sid=«hunter2»; c=d" https://x`},
	{"assignment", `Set-Cookie: sid=x; Path=/; Secure; refresh=«hunter2»`},
	{"flag", `starting with --password «CANARYEV3» now`},
	{"flag", `curl -u ana:«secret» https://x`},
	{"userinfo", `redis://:«p@ss/w»@cache:6379`},
	{"webhook", `posting to https://hooks.slack.com/services/«T000/B000/XXXXXXXX»`},
	{"token", `glsa_«abcdefghijklmnopqrstuv_1234»`},
	{"token", `shpat_«0123456789abcdef0123456789abcdef»`},
	{"token", `hf_«abcdefghijklmnopqrstuvwxyz»`},
	{"token", `whsec_«abcdefghijklmnopqrstuvwx»`},
	{"cloudKey", `ya29.«a0AfH6SMBabcdefghijklmnop»`},
	{"cloudKey", `client GOCSPX-«abcdefghijklmnopqrstuvwx»`},
	{"cloudKey", `k8s-aws-v1.«aHR0cHM6Ly9zdHMudXMtZWFzdC0x»`},
	{"cloudKey", `secret of the app: «abc8Q~0123456789abcdefghijklmnopqrstuvwxyz»`},
	{"token", `xapp-«1-A0123456789-0123456789012-abcdef»`},
	{"assignment", `client-key-data: «TUlJRXBBSUJBQUtDQVFFQQ»`},
	{"privateKey", `key: LS0tLS1CRUdJTiBS«U0EgUFJJVkFURSBLRVktLS0tLQo»`},
	{"privateKey", "-----BEGIN RSA PRIVATE KEY-----\n«MIIEpAIBAAKCAQEA7»\n-----END RSA PRIVATE KEY-----"},
	{"privateKey", "-----BEGIN PRIVATE KEY----- «cut off in the middle»"},
	{"assignment", "\x1b[36mpassword\x1b[0m=«hunter2»"},
	{"assignment", "\x1b[2mpassword\x1b[22m\x1b[2m=\x1b[0m\x1b[33m«hunter2»\x1b[0m next"},
	{"token", "\x1b[32mghp_«abcdefghijklmnopqrstuvwxyz0123456789»\x1b[0m"},
	{"token", "ghp_abc\u200bdef\u00ad«ghijklmnopqrstuvwxyz0123456789»"},
	{"assignment", "pass\u200dword\u00a0=\u00a0«hunter2»"},
	{"assignment", `GET /back?to=«%2Fcallback%3Faccess_token%3Dhunter2»&x=1`},
	{"assignment", `{"q":"«%7B%22password%22%3A%22hunter2%22%7D»"}`},
	{"assignment", `GET /«a%253Fpassword%253Dhunter2»`},
	{"userinfo", `DSN is «postgres%3A%2F%2Fapp%3Ahunter2%40db%2Forders»`},
	{"assignment", `init: «cGFzc3dvcmQ9aHVudGVyMg==» done`},
	{"assignment", `"config": "«eyJwYXNzd29yZCI6Imh1bnRlcjIifQ==»"`},
	{"userinfo", `data: «cG9zdGdyZXM6Ly9hcHA6aHVudGVyMkBkYi9vcmRlcnM=»`},
	{"token", `«Z2hwX2FiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1Njc4OQ»`},
	{"assignment", `<server><password>«hunter2»</password></server>`},
}

func TestTextMasksSecrets(t *testing.T) {
	for _, c := range secrets {
		text := strings.NewReplacer("«", "", "»", "").Replace(c.text)
		_, rest, _ := strings.Cut(c.text, "«")
		secret, _, _ := strings.Cut(rest, "»")
		m := &masker{counts: map[string]int{}}
		clean := m.text(text)
		assert.NotContains(t, clean, secret, c.text)
		assert.Contains(t, clean, Redacted, c.text)
		assert.Positive(t, m.counts[c.kind], "%s in %s: %v", c.kind, c.text, m.counts)
		assert.Equal(t, clean, m.text(clean), "masking twice changes nothing")
	}
}

func TestTextLeavesTheRest(t *testing.T) {
	for _, text := range []string{
		"", "checkout-api", "registry.example.com/shop/checkout:v1.4.2", "repo/secret-service:1.2",
		"kubectl get pods -n production --context prod", "arn:aws:eks:us-east-1:123456789012:cluster/prod",
		"https://console.aws.amazon.com/rds/home?region=us-east-1#database:id=orders", "Back-off restarting failed container",
		"token-service is healthy", "user-service: ready", "compass: north", "bypass=true", "-u 1000", "see http://a.example/x and mail b@c.example", "0/3 nodes are available: 3 Insufficient cpu.", "skylark-1", "sk-learn", "Basic auth failed", "basic authentication required", "token verification failed", "certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t", "~/8Q~", "k8s-app", "yaml",
		"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "2026-11-22T14:02:11Z",
		"100% of requests", "GET /search?q=a%20b%3Dc HTTP/1.1", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", "\x1b[31mERROR\x1b[0m it is down", "größer — ü",
		"aGVsbG8gd29ybGQsIGhlbGxvIHdvcmxk", "usage: login <password> <name>", "LastTransitionTime/ProgressDeadlineExceeded", "%zz%25%2",
	} {
		m := &masker{counts: map[string]int{}}
		assert.Equal(t, text, m.text(text))
		assert.Empty(t, m.counts)
	}
}

func TestSecretKey(t *testing.T) {
	for _, key := range []string{"password", "DB_PASSWORD", "db.password", "DB_PASS", "password2", "SECRET_KEY_BASE", "ENCRYPTION_KEY", "DATABASE_URL", "AccountKey", "ssh_key", "apiKey", "api-key", "x-api-key", "clientSecret", "auth_token", "Connection String", "postgres-dsn"} {
		assert.True(t, SecretKey(key), key)
	}
	for _, key := range []string{"", "image", "secrets", "secret_names", "tokens", "key", "app.kubernetes.io/name", "passwordless", "region", "certificate-authority-data"} {
		assert.False(t, SecretKey(key), key)
	}
}

func TestRedactCopiesWhatItMasks(t *testing.T) {
	labels := map[string]string{"app": "web", "db-password": "hunter2"}
	attributes := map[string]any{"args": []string{"--token=abcdef"}, "env": map[string]any{"API_KEY": "abc"}, "replicas": 3.0}
	driver := []Resource{{ID: "x", Labels: labels, Attributes: attributes}}
	clean := redact(part{resources: append([]Resource(nil), driver...)})
	assert.Equal(t, map[string]string{"app": "web", "db-password": Redacted}, clean.resources[0].Labels)
	assert.Equal(t, map[string]any{"args": []string{"--token=" + Redacted}, "env": map[string]any{"API_KEY": Redacted}, "replicas": 3.0}, clean.resources[0].Attributes)
	assert.Equal(t, map[string]int{"key": 2, "assignment": 1}, clean.redactions)
	assert.Equal(t, "hunter2", labels["db-password"], "the driver's own values are not written to")
	assert.Equal(t, "abc", attributes["env"].(map[string]any)["API_KEY"])
}

func TestRedactKnowsTheValueOfAFlag(t *testing.T) {
	m := &masker{counts: map[string]int{}}
	assert.Equal(t, []string{"serve", "--password", Redacted, "--port", "80", "--token=" + Redacted, "web"},
		m.list("args", []string{"serve", "--password", "hunter2 or so", "--port", "80", "--token=abcdef", "web"}))
}

func TestRedactKnowsTheKeyOfAList(t *testing.T) {
	m := &masker{counts: map[string]int{}}
	assert.Equal(t, []string{Redacted, Redacted, ""}, m.value("api_token", []string{"--hunter2", "or so", ""}))
	assert.Equal(t, map[string]int{"key": 2}, m.counts)
}

func FuzzText(f *testing.F) {
	for _, c := range secrets {
		f.Add(c.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m := &masker{counts: map[string]int{}}
		clean := m.text(text)
		if again := m.text(clean); again != clean {
			t.Errorf("masking twice: %q -> %q -> %q", text, clean, again)
		}
	})
}

func BenchmarkTextOrdinary(b *testing.B) {
	texts := []string{"checkout-api", "registry.example.com/shop/checkout:v1.4.2", "kubernetes/prod-cluster/production/deployment/checkout-api", "us-east-1", "r6g.2xlarge"}
	m := &masker{counts: map[string]int{}}
	for i := 0; b.Loop(); i++ {
		m.text(texts[i%len(texts)])
	}
}

// TestMarksOfValues: that a secret was replaced by another is told, and neither of them.
func TestMarksOfValues(t *testing.T) {
	m := &masker{counts: map[string]int{}}
	changed := m.changes([]Change{{Field: "env.DB_PASSWORD", Before: SomeValue, After: AnotherValue}, {Field: "env.DB_PASSWORD", Before: "hunter2"}})
	assert.Equal(t, []Change{{Field: "env.DB_PASSWORD", Before: SomeValue, After: AnotherValue}, {Field: "env.DB_PASSWORD", Before: Redacted}}, changed)
	assert.Equal(t, map[string]int{"key": 1}, m.counts)
}

// TestRedactsEvidence: what proves a relation passes through here, too, and the slice of the driver stays as it was.
func TestRedactsEvidence(t *testing.T) {
	shared := []Relation{{Type: RelationUses, Target: "a", Evidence: "env DB_HOST = orders"}, {Type: RelationUses, Target: "b", Evidence: "env DB_PASSWORD = hunter2"}}
	p := redact(part{resources: []Resource{{ID: "x", Relations: shared}}})
	assert.Equal(t, "env DB_HOST = orders", p.resources[0].Relations[0].Evidence)
	assert.Equal(t, "env DB_PASSWORD = "+Redacted, p.resources[0].Relations[1].Evidence)
	assert.Equal(t, "env DB_PASSWORD = hunter2", shared[1].Evidence)
	for _, name := range []string{"DATABASE_URL", "DB_DSN", "CONNECTION_STRING", "DB_HOST"} {
		proof := Proof("env "+name, "orders.example.com")
		assert.Equal(t, proof, RedactText(proof), "a proof is not taken for a secret")
		reference := Reference("orders.example.com", "env "+name)
		assert.Equal(t, reference, RedactText(reference))
	}
}
