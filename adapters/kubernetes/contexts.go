package kubernetes

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"clanker/adapters"
)

// choose returns the contexts that go by the name, or all of them when it is empty, with what is broken about that.
func (k *kubeconfig) choose(name string) ([]*cluster, []broken) {
	if name == "" {
		return k.clusters, k.broken
	}
	var chosen []*cluster
	for _, c := range k.clusters {
		if c.named(name) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) > 0 {
		return chosen, nil
	}
	return nil, slices.DeleteFunc(slices.Clone(k.broken), func(b broken) bool { return b.context != "" && !strings.EqualFold(b.context, name) })
}

// named reports whether people call the cluster that: by its context, its cluster entry, or the short name in the long
// ones that EKS, GKE, eksctl and kubeadm make.
func (c *cluster) named(name string) bool {
	return slices.ContainsFunc(c.names(), func(known string) bool { return strings.EqualFold(known, name) })
}

func (c *cluster) names() []string {
	return []string{c.name, c.alias, adapters.ClusterName(c.name), adapters.ClusterName(c.alias)}
}

// perCluster groups contexts by the API server they lead to, so that nothing is counted twice. First in each group, and the
// one to be read, is the context that was asked for by its own name, which is then alone in it; else the current one; else
// the first by name.
func perCluster(contexts []*cluster, asked string) [][]*cluster {
	first := func(c *cluster) int {
		switch {
		case asked != "" && strings.EqualFold(c.name, asked):
			return 0
		case c.current:
			return 1
		}
		return 2
	}
	sorted := slices.Clone(contexts)
	slices.SortStableFunc(sorted, func(a, b *cluster) int {
		return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(first(a), first(b)), cmp.Compare(a.name, b.name))
	})
	var groups [][]*cluster
	for i, c := range sorted {
		switch {
		case i == 0 || c.place != sorted[i-1].place || first(c) == 0:
			groups = append(groups, []*cluster{c})
		case first(groups[len(groups)-1][0]) != 0:
			groups[len(groups)-1] = append(groups[len(groups)-1], c)
		}
	}
	return groups
}

// place is what tells API servers apart: the address, the way to it, and how the server proves that it is the one.
func place(entry *clientcmdapi.Cluster, base *rest.Config) string {
	ca, proxy := base.CAData, cmp.Or(entry, &clientcmdapi.Cluster{}).ProxyURL
	if content, err := os.ReadFile(base.CAFile); err == nil && len(ca) == 0 {
		ca = content
	}
	return fmt.Sprintf("%s %s %s %t %x", strings.ToLower(strings.TrimRight(base.Host, "/")), proxy, base.ServerName,
		base.Insecure, sha256.Sum256(ca))
}

// person is what tells credentials apart: a digest, since it is kept and they are secret.
func person(base *rest.Config) string {
	auth := fmt.Sprintf("%q %q %q %q %q %q %q %q %v %v", base.BearerToken, base.BearerTokenFile, base.Username, base.Password,
		base.CertFile, base.CertData, base.KeyFile, base.KeyData, base.Impersonate, base.AuthProvider)
	if plugin := base.ExecProvider; plugin != nil {
		auth += fmt.Sprintf(" %q %q %q", plugin.Command, plugin.Args, plugin.Env)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(auth)))
}

// same reports whether two contexts are the same user of the same cluster.
func (c *cluster) same(other *cluster) bool {
	return c.place == other.place && c.person == other.person
}

// namespacesOf returns the namespaces, other than its own, of the group's contexts that are the same user.
func (c *cluster) namespacesOf(group []*cluster) []string {
	var others []string
	for _, other := range group {
		if c.same(other) && other.namespace != c.namespace && !slices.Contains(others, other.namespace) {
			others = append(others, other.namespace)
		}
	}
	return others
}

// sameAs says which other contexts are the same user of the same cluster, if there are any.
func (k *kubeconfig) sameAs(c *cluster) string {
	var names []string
	for _, other := range k.clusters {
		if other != c && c.same(other) {
			names = append(names, other.name)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "same cluster and user as context " + strings.Join(names, ", ")
}

// turnedAway reports whether the API server answered, or the plugin did, that these credentials read nothing at all here.
func turnedAway(sources []adapters.Source) bool {
	refused := false
	for _, s := range sources {
		switch {
		case s.Error == nil && strings.HasPrefix(s.Call, "kubectl "+apiVersion.tool+" "): // open to everybody
		case s.Error == nil || !slices.Contains(refusals, s.Error.Reason):
			return false
		default:
			refused = true
		}
	}
	return refused
}

// refusals are the reasons that another user may not be given.
var refusals = []adapters.Reason{adapters.ExpiredCredentials, adapters.NoCredentials, adapters.PermissionDenied}
