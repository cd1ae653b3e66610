package adapters

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// thing makes a resource from its ID, which says all but its environment; pairs are attributes.
func thing(id string, pairs ...any) Resource {
	parts := strings.Split(id, "/")
	r := Resource{ID: id, Provider: parts[0], Kind: IDKind(id), Name: IDName(id), Attributes: map[string]any{}}
	if r.Provider == "kubernetes" {
		r.Scope.Cluster = parts[1]
	} else if len(parts) > 3 {
		r.Scope.Account = parts[1]
	}
	for i := 0; i < len(pairs); i += 2 {
		r.Attributes[pairs[i].(string)] = pairs[i+1]
	}
	return r
}

func (r Resource) to(t RelationType, target string) Resource {
	r.Relations = append(slices.Clone(r.Relations), Relation{Type: t, Target: target})
	return r
}

const (
	api    = "kubernetes/prod/shop/deployment/api"
	orders = "aws/acme/eu/database/orders"
)

func edgesOf(g *Graph) []string {
	var words []string
	for _, e := range g.Edges() {
		words = append(words, e.From+" "+string(e.Type)+" "+e.To+": "+e.Evidence)
	}
	return words
}

func TestProofs(t *testing.T) {
	const rds = "orders.c1.eu-central-1.rds.amazonaws.com"
	dials := thing(api, "connects_to", []string{rds + " (env DATABASE_HOST)"})
	record := thing("cloudflare/acme/example.com/record/api.example.com", "points_to", "203.0.113.7")
	balancer := thing("aws/acme/eu/loadbalancer/shop-lb", "addresses", []string{"203.0.113.7"})
	shop := thing("kubernetes/prod/shop/ingress/shop", "hosts", []string{"api.example.com"}, "addresses", []string{"203.0.113.7"})
	admin := thing("kubernetes/prod/shop/ingress/admin", "hosts", []string{"*.admin.example.com"}, "addresses", []string{"203.0.113.7"})
	nginx := thing("kubernetes/prod/shop/service/nginx", "addresses", []string{"203.0.113.7"})
	for _, c := range []struct {
		name      string
		resources []Resource
		want      []string
	}{
		{"an endpoint with a port", []Resource{dials, thing(orders, "endpoint", rds+":5432")},
			[]string{api + " uses " + orders + ": env DATABASE_HOST = " + rds + " (endpoint of database orders)"}},
		{"a name that looks like a secret's", []Resource{thing(api, "connects_to", rds+" (env DATABASE_URL)"), thing(orders, "endpoint", "https://"+strings.ToUpper(rds)+"./path")},
			[]string{api + " uses " + orders + ": env DATABASE_URL has host " + rds + " (endpoint of database orders)"}},
		{"two of one address prove nothing", []Resource{dials, thing(orders, "endpoint", rds), thing("aws/other/eu/database/orders", "endpoint", rds)}, nil},
		{"nobody's host", []Resource{dials}, nil},
		{"an address of its own", []Resource{thing(api, "connects_to", "api.example.com"), shop.to(RelationRoutesTo, "kubernetes/prod/shop/service/api"),
			thing("kubernetes/prod/shop/service/api").to(RelationSelects, api)},
			[]string{"kubernetes/prod/shop/ingress/shop routesTo kubernetes/prod/shop/service/api: ", "kubernetes/prod/shop/service/api selects " + api + ": "}},
		{"the driver knows better", []Resource{dials.to(RelationUses, orders), thing(orders, "endpoint", rds)}, []string{api + " uses " + orders + ": "}},
		{"a record and the balancer, and what is behind it", []Resource{record, balancer, shop, admin}, []string{
			"aws/acme/eu/loadbalancer/shop-lb routesTo kubernetes/prod/shop/ingress/admin: loadbalancer shop-lb = 203.0.113.7 (addresses of ingress admin)",
			"aws/acme/eu/loadbalancer/shop-lb routesTo kubernetes/prod/shop/ingress/shop: loadbalancer shop-lb = 203.0.113.7 (addresses of ingress shop)",
			record.ID + " routesTo " + balancer.ID + ": record api.example.com = 203.0.113.7 (addresses of loadbalancer shop-lb)"}},
		{"ingresses that share an address: the one that has the name", []Resource{record, shop, admin, nginx},
			[]string{record.ID + " routesTo " + shop.ID + ": record api.example.com = 203.0.113.7 (addresses of ingress shop)"}},
		{"a name with a star", []Resource{thing("cloudflare/acme/example.com/record/x.admin.example.com", "points_to", "203.0.113.7"), shop, admin},
			[]string{"cloudflare/acme/example.com/record/x.admin.example.com routesTo " + admin.ID + ": record x.admin.example.com = 203.0.113.7 (addresses of ingress admin)"}},
		{"no name fits: the cluster's balancer", []Resource{thing("cloudflare/acme/example.com/record/y.example.com", "points_to", "203.0.113.7"), shop, admin, nginx},
			[]string{"cloudflare/acme/example.com/record/y.example.com routesTo " + nginx.ID + ": record y.example.com = 203.0.113.7 (addresses of service nginx)"}},
		{"no name fits, and no balancer", []Resource{thing("cloudflare/acme/example.com/record/y.example.com", "points_to", "203.0.113.7"), shop, admin}, nil},
		{"a reserved address and its machine", []Resource{thing("hetzner/acme/address/main", "address", "203.0.113.9"), thing("hetzner/acme/instance/mail", "public_ip", "203.0.113.9")},
			[]string{"hetzner/acme/address/main routesTo hetzner/acme/instance/mail: address main = 203.0.113.9 (public_ip of instance mail)"}},
		{"a private address in the cluster", []Resource{thing(api, "connects_to", "10.0.0.9 (env REDIS_HOST)"), thing("kubernetes/prod/shop/service/redis", "cluster_ip", "10.0.0.9"),
			thing("kubernetes/staging/shop/service/redis", "cluster_ip", "10.0.0.9")},
			[]string{api + " uses kubernetes/prod/shop/service/redis: env REDIS_HOST = 10.0.0.9 (cluster_ip of service redis)"}},
		{"a private address elsewhere", []Resource{thing(api, "connects_to", "10.0.0.9"), thing(orders, "private_ip", "10.0.0.9")}, nil},
		{"a private address in the network", []Resource{thing("aws/acme/eu/instance/web", "connects_to", "10.0.0.9", "network", "vpc-1"), thing(orders, "private_ip", "10.0.0.9", "network", "vpc-1"),
			thing("aws/acme/eu/database/other", "private_ip", "10.0.0.9", "network", "vpc-2")},
			[]string{"aws/acme/eu/instance/web uses " + orders + ": instance web = 10.0.0.9 (private_ip of database orders)"}},
		{"a private address in a network of that name elsewhere", []Resource{thing("gcp/a/eu/instance/web", "connects_to", "10.0.0.9", "network", "default"),
			thing("gcp/b/eu/database/orders", "private_ip", "10.0.0.9", "network", "default")}, nil},
		{"a private name elsewhere", []Resource{thing(api, "connects_to", "db.internal"), thing(orders, "dns_name", "db.internal")}, nil},
		{"a name without a dot", []Resource{thing(api, "connects_to", "orders"), thing(orders, "hostname", "orders")}, nil},
		{"the machine itself", []Resource{thing(api, "connects_to", "127.0.0.1"), thing(orders, "private_ip", "127.0.0.1")}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, edgesOf(NewGraph(c.resources)))
			slices.Reverse(c.resources)
			assert.Equal(t, c.want, edgesOf(NewGraph(c.resources)), "in any order")
		})
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string][]Address{
		"orders-postgres":      {{Host: "orders-postgres"}},
		"Orders.Example.COM.":  {{Host: "orders.example.com"}},
		"kafka-0:9092,kafka-1": {{Host: "kafka-0", Port: 9092}, {Host: "kafka-1"}},
		"postgres://app:s3cr3t@orders:5432/db?password=s3cr3t": {{"orders", 5432, "postgres"}},
		"mongodb+srv://u:p@a.example.com,b.example.com/x":      {{"a.example.com", 0, "mongodb+srv"}, {"b.example.com", 0, "mongodb+srv"}},
		"jdbc:postgresql://orders/db":                          {{"orders", 0, "postgresql"}},
		"jdbc:sqlserver://orders:1433;password=s3cr3t":         {{"orders", 1433, "sqlserver"}},
		"http://es-0:9200,http://es-1:9200":                    {{"es-0", 9200, "http"}, {"es-1", 9200, "http"}},
		"redis://[fd00::1]:6379":                               {{"fd00::1", 6379, "redis"}},
		"::ffff:10.0.0.1":                                      {{Host: "10.0.0.1"}},
		"postgres://app:s3/cr3t@orders/db":                     nil, // read strictly, "app" would be the host
		"postgres://app:12/x@orders/db":                        nil,
		"postgres://john.doe:12?x@orders/db":                   nil,
		"postgres://app:p@ss@orders/db":                        nil,
		"http://u:p@a,http://b":                                nil,
		"app:s3cr3t":                                           nil,
		"app:s3cr3t@orders":                                    nil,
		"s3://orders-backups":                                  nil,
		"file:///etc/passwd":                                   nil,
		"registry.example.com/app:v1":                          nil,
		"v1.4.2":                                               nil,
		"8080":                                                 nil,
		":8080":                                                nil,
		"orders:0":                                             nil,
		"orders:99999":                                         nil,
		"0.0.0.0":                                              nil,
		"169.254.169.254":                                      nil,
		"localhost:5432":                                       nil,
		"$(DB_HOST)":                                           nil,
		"orders postgres":                                      nil,
		"":                                                     nil,
		"host=orders password=s3cr3t":                          nil,
		"AKIAIOSFODNN7EXAMPLE.example.com":                     nil,
		"eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.SflKxwRJSMeKKF2QT4fw": nil,
	} {
		assert.Equal(t, want, Addresses(text), text)
	}
}

// FuzzAddresses: what comes out is a host and never what may be a password.
func FuzzAddresses(f *testing.F) {
	for _, text := range []string{"postgres://u:p@h:1/x", "a:1,b", "[::1]:2", "http://a,http://b", "x://"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range Addresses(text) {
			again := Addresses(a.Host)
			if assert.Len(t, again, 1) {
				assert.Equal(t, a.Host, again[0].Host)
			}
			if _, err := netip.ParseAddr(a.Host); err != nil {
				at := strings.LastIndexByte(text, '@')
				assert.Contains(t, strings.ToLower(text[at+1:]), a.Host, "nothing before the last @ comes out")
			}
		}
	})
}

func TestSearch(t *testing.T) {
	const pod, pod2, node, svc = "kubernetes/prod/shop/pod/api-1", "kubernetes/prod/shop/pod/other", "kubernetes/prod/node/n1", "kubernetes/prod/shop/service/api"
	g := NewGraph([]Resource{
		thing(api).to(RelationUses, orders), thing(svc).to(RelationSelects, api), thing(pod).to(RelationOwnedBy, api).to(RelationRunsOn, node),
		thing(pod2).to(RelationRunsOn, node), thing("kubernetes/prod/shop/autoscaler/api").to(RelationScales, api), thing(node),
	})
	ids := func(steps []Step) (found []string) {
		for _, s := range steps {
			found = append(found, s.ID)
		}
		return found
	}
	assert.Equal(t, []string{orders, api, svc}, ids(g.Search([]string{orders}, Dependents, 9)))
	assert.Equal(t, []string{node, pod, pod2, api, svc}, ids(g.Search([]string{node}, Dependents, 9)), "a node takes its pods' services down")
	assert.Equal(t, []string{svc, api, pod, orders, node}, ids(g.Search([]string{svc}, Dependencies, 9)))
	assert.Equal(t, []string{svc, api, pod}, ids(g.Search([]string{svc}, Behind, 9)))
	assert.Equal(t, []string{pod, api, svc}, ids(g.Search([]string{pod}, InFront, 9)))
	distances := g.Distances([]string{orders})
	assert.Equal(t, map[string]int{orders: 0, api: 1, svc: 2, pod: 2, "kubernetes/prod/shop/autoscaler/api": 2, node: 3}, distances, "strangers on its node are not near")
	assert.Equal(t, []string{svc, api, orders}, ids(g.Path([]string{svc}, []string{orders}, Dependencies)))
	assert.Empty(t, g.Path([]string{orders}, []string{svc}, Dependencies))
	assert.Equal(t, []string{"kubernetes/prod/shop/autoscaler/api", api, pod, svc}, g.Find("API"), "with its parts")
}

// TestGraphIsSymmetricAndFixed: of any relations, those out of all resources are those into all, and the order in which
// resources were read makes no difference.
func TestGraphIsSymmetricAndFixed(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		resources := randomEstate(random, 30)
		g := NewGraph(resources)
		in := 0
		for _, id := range slices.Sorted(func(yield func(string) bool) {
			for id := range g.in {
				if !yield(id) {
					return
				}
			}
		}) {
			for _, e := range g.in[id] {
				assert.Equal(t, id, e.To)
				assert.Contains(t, g.out[e.From], e)
				in++
			}
		}
		assert.Len(t, g.Edges(), in)
		random.Shuffle(len(resources), func(i, j int) { resources[i], resources[j] = resources[j], resources[i] })
		assert.Equal(t, g.Edges(), NewGraph(resources).Edges())
		from := []string{resources[0].ID}
		there, back := g.Distances(from), NewGraph(resources).Distances(from)
		assert.Equal(t, there, back)
	}
}

func randomEstate(random *rand.Rand, n int) []Resource {
	kinds := []Kind{KindDeployment, KindService, KindIngress, KindRecord, KindBalancer, KindDatabase, KindAddress}
	var resources []Resource
	name := func() string { return string(rune('a'+random.IntN(8))) + ".example.com" }
	for i := range n {
		kind := kinds[random.IntN(len(kinds))]
		r := thing("kubernetes/prod/shop/"+string(kind)+"/"+string(rune('A'+i%26))+string(rune('A'+i/26)), "hosts", []string{name()}, "connects_to", []string{name(), name()}, "points_to", name())
		if i > 0 {
			r = r.to(RelationUses, resources[random.IntN(i)].ID)
		}
		resources = append(resources, r)
	}
	return resources
}

// BenchmarkNewGraph: a thousand workloads behind services and ingresses, each with three addresses of databases.
func BenchmarkNewGraph(b *testing.B) {
	var resources []Resource
	for i := range 1000 {
		own := fmt.Sprintf("kubernetes/prod/shop/%%s/w%d", i)
		service, workload := fmt.Sprintf(own, KindService), fmt.Sprintf(own, KindDeployment)
		var hosts []string
		for n := range 3 {
			hosts = append(hosts, fmt.Sprintf("db%d.example.com (env DB_%d)", (i+n)%200, n))
		}
		resources = append(resources, thing(workload, "connects_to", hosts), thing(service).to(RelationSelects, workload),
			thing(fmt.Sprintf(own, KindIngress), "hosts", []string{fmt.Sprintf("w%d.example.com", i)}).to(RelationRoutesTo, service))
	}
	for i := range 200 {
		resources = append(resources, thing(fmt.Sprintf("aws/acme/eu/database/db%d", i), "endpoint", fmt.Sprintf("db%d.example.com:5432", i)))
	}
	for b.Loop() {
		NewGraph(resources)
	}
}
