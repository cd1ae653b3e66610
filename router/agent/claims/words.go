package claims

import "strings"

// set is the words of a list, each between spaces.
func set(lines ...string) string { return " " + strings.Join(lines, " ") + " " }

func in(list, word string) bool { return strings.Contains(list, " "+strings.ToLower(word)+" ") }

var (
	// What looks like a name or a figure and is neither: words of the trade.
	trade = set(
		"k8s p50 p75 p90 p95 p99 p999 p99.9 1xx 2xx 3xx 4xx 5xx http/1.1 http/2 http/3 ipv4 ipv6 oauth2 base64 sha256 utf-8 x86 amd64 arm64",
		"24/7 l4 l7 tls1.2 tls1.3 i/o n/a e.g i.e etc a.m p.m vs and/or read/write cpu/memory req/s requests/s ci/cd tcp/ip client/server",
		"gRPC OAuth macOS vCPU vCPUs")
	// Words that make a word with hyphens an ordinary one.
	joining = set(
		"a an and the of to in on off at by for from with without up down out over under so as is it its be or per vs via than like no non not",
		"self multi cross inter intra pre post re co sub semi anti auto long short high low mid full half fully first second third last next",
		"well ill near far early late hard soft hot cold warm fast slow big small large wide deep real live one zero single double triple",
		"only free wide level level based aware time term scale side bound heavy intensive ready safe specific like friendly facing prone day",
		"hour minute second week month year old new most least more less right left top bottom front back end best worst all any every same")
	// Ordinary words with hyphens that no rule knows.
	hyphenated = set(
		"root-cause health-check load-balancer key-value time-series error-rate fail-over roll-back read-replica crash-loop trade-off check-in",
		"network-policy follow-up clean-up set-up start-up work-around thread-safe e-mail tie-in left-over image-pull rate-limit")
	// What a name stands beside.
	cues = set("namespace namespaces cluster deployment service pod node statefulset daemonset environment account database bucket queue branch region")
	// Words that stand beside those and are no names, besides those that their ends tell.
	ordinary = set(
		"a an and the of to in on off at by for from with without up down out over under so as is it its be or per via than like no non not",
		"i we you he she they them this that these those there here which who what when where why how if then else but because while until",
		"are was were been being has have had do does did can could may might will would shall should must",
		"same new whole entire other single current upstream downstream first second last previous next healthy main own each every any all",
		"both some few many most more less another such whose only also still now just yet even itself themselves alone again once soon",
		"shows show runs run uses use sees see needs need gets get keeps keep goes went came comes says said looks look seems seem became",
		"fails fail restarts restart began begins starts start stops stop lost holds hold depends depend sits sit stands stand lives live",
		"calls call waits wait reaches reach takes take makes make reports report returns return serves serve hits hit reads read writes write",
		"pods nodes services deployments clusters events logs metrics memory cpu disk network image images revision revisions count counts",
		"level name names status state health change changes latency error errors requests limits request limit usage pressure pool group",
		"groups mesh account accounts port ports address endpoint endpoints connection connections load traffic time rollout update upgrade",
		"version config configuration settings capacity replica replicas cache queue job jobs volume storage autoscaler scaling failover data",
		"side quota quotas object objects resource resources itself role roles token tokens key keys user users type types template",
		"broken bad good unknown likely possible slow busy full empty old older newer wrong right big small large high low big short long",
		"default cloud kubernetes aws gcp azure redis postgres mysql web client server application app workload backend frontend whole",
		"two three four five six seven eight nine ten one zero half part parts root cause since before after during between within against",
		"three-node two-node wide across too very well rather quite not never always often behind below above under near far instead",
		"them their his her our your my neither either nor around about through into onto whether although though however therefore hence",
		"outage incident issue issues problem problems failure failures loss drop spike event log metric dependency dependencies chain")
	// Words that write themselves with a capital, wherever they stand.
	proper = set("i kubernetes linux english utc gmt docker unix tls tcp http monday tuesday wednesday thursday friday saturday sunday",
		"january february march april may june july august september october november december jan feb mar apr jun jul aug sep sept oct nov dec",
		"pod pods node nodes deployment deployments service services container containers namespace cluster ingress job jobs secret secrets")
	// The most frequent words of German that English does not have.
	german = set("der das und ist nicht mit von dem ein eine einen im auf wird sind wurde zu sich auch bei nach für wegen")
	// Things that an author numbers or counts: neither is a claim about the estate.
	steps   = set("step option phase point case cause hypothesis theory finding candidate item figure part section")
	aspects = set("reasons reason things thing ways way possibilities options causes facts points steps signs hypotheses explanations observations theories candidates")
	rough   = set("about around roughly approximately approx nearly almost circa some ca")
)

// adjectival are the ends of words that are seldom names.
var adjectival = strings.Fields("ed ing al ous ive able ible ful less ary ory ant ent est ly ic ish ward wards")

// ends reports whether a word has one of the ends of adjectives and the like.
func ends(word string) bool {
	for _, end := range adjectival {
		if len(word) > len(end)+2 && strings.HasSuffix(word, end) {
			return true
		}
	}
	return false
}
