package adapters

// Metric names. The unit ([UnitOf]) is part of the meaning and is the same for every driver; a metric that was not measured is
// absent from [Resource.Metrics], never zero.
const (
	MetricCPUUsage          = "cpu.usage"          // cores in use
	MetricCPURequest        = "cpu.request"        // cores requested
	MetricCPULimit          = "cpu.limit"          // cores allowed at most
	MetricCPUOfRequest      = "cpu.ofRequest"      // usage / request, ratio, 1 = all
	MetricCPUOfLimit        = "cpu.ofLimit"        // usage / limit, ratio, 1 = all
	MetricCPUUtilization    = "cpu.utilization"    // usage / capacity of the node, cluster or instance, ratio 0 to 1
	MetricCPUCapacity       = "cpu.capacity"       // cores that workloads may use
	MetricMemoryUsage       = "memory.usage"       // bytes in use
	MetricMemoryRequest     = "memory.request"     // bytes requested
	MetricMemoryLimit       = "memory.limit"       // bytes allowed at most
	MetricMemoryOfRequest   = "memory.ofRequest"   // usage / request, ratio, 1 = all
	MetricMemoryOfLimit     = "memory.ofLimit"     // usage / limit, ratio, 1 = all
	MetricMemoryUtilization = "memory.utilization" // usage / capacity of the node, cluster or instance, ratio 0 to 1
	MetricMemoryCapacity    = "memory.capacity"    // bytes that workloads may use
	MetricReplicasDesired   = "replicas.desired"   // count
	MetricReplicasReady     = "replicas.ready"     // count
	MetricRestarts          = "restarts"           // count, over all containers since the pod was created
	MetricNodes             = "nodes"              // count, of a cluster or node pool
	MetricRequestRate       = "requests.rate"      // requests per second
	MetricQueryRate         = "queries.rate"       // database queries per second
	MetricErrorRatio        = "errors.ratio"       // failed / all requests, ratio 0 to 1
	MetricLatencyP99        = "latency.p99"        // seconds, 99th percentile
	MetricStorageSize       = "storage.size"       // bytes
	MetricStorageGrowth     = "storage.growth"     // bytes per day
	MetricCostMonthly       = "cost.monthly"       // USD per month at the current size
)

// Unit is what a metric is measured in.
type Unit string

// The units of metrics.
const (
	UnitCores       Unit = "cores"
	UnitRatio       Unit = "ratio" // 1 = all, and there may be more
	UnitShare       Unit = "share" // ratio 0 to 1
	UnitBytes       Unit = "bytes"
	UnitBytesPerDay Unit = "bytes per day"
	UnitCount       Unit = "count"
	UnitPerSecond   Unit = "per second"
	UnitSeconds     Unit = "seconds"
	UnitUSDPerMonth Unit = "USD per month"
)

// metrics are all there are. A test compares them with the constants.
var metrics = []struct {
	name string
	unit Unit
}{
	{MetricCPUUsage, UnitCores}, {MetricCPURequest, UnitCores}, {MetricCPULimit, UnitCores}, {MetricCPUOfRequest, UnitRatio},
	{MetricCPUOfLimit, UnitRatio}, {MetricCPUUtilization, UnitShare}, {MetricCPUCapacity, UnitCores},
	{MetricMemoryUsage, UnitBytes}, {MetricMemoryRequest, UnitBytes}, {MetricMemoryLimit, UnitBytes},
	{MetricMemoryOfRequest, UnitRatio}, {MetricMemoryOfLimit, UnitRatio}, {MetricMemoryUtilization, UnitShare},
	{MetricMemoryCapacity, UnitBytes}, {MetricReplicasDesired, UnitCount}, {MetricReplicasReady, UnitCount},
	{MetricRestarts, UnitCount}, {MetricNodes, UnitCount}, {MetricRequestRate, UnitPerSecond},
	{MetricQueryRate, UnitPerSecond}, {MetricErrorRatio, UnitShare}, {MetricLatencyP99, UnitSeconds},
	{MetricStorageSize, UnitBytes}, {MetricStorageGrowth, UnitBytesPerDay}, {MetricCostMonthly, UnitUSDPerMonth},
}

// Metrics are the names of all metrics that there are.
func Metrics() []string {
	names := make([]string, len(metrics))
	for i, m := range metrics {
		names[i] = m.name
	}
	return names
}

// UnitOf is the unit of a metric; empty if there is no such metric.
func UnitOf(metric string) Unit {
	for _, m := range metrics {
		if m.name == metric {
			return m.unit
		}
	}
	return ""
}
