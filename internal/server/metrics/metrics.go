// Package metrics counts what the update server does, for Prometheus, in a registry of its own. It has no figure for a
// single computer or update: their number is not bounded.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/redx-update/redx/internal/server/backend"
)

// Metrics is the registry with the figures that requests move.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
}

// New makes the figures.
func New(b *backend.Backend) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "redx_soap_request_seconds", Help: "Time to answer SOAP requests, by operation and fault.",
		Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30},
	}, []string{"operation", "fault"})
	revisions := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redx_revisions", Help: "Revisions of updates in the catalogue.",
	}, func() float64 { return float64(b.Plan().Catalog().Len()) })
	unsound := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redx_files_not_sound", Help: "Files of updates that are missing, damaged or not verified yet.",
	}, func() float64 { return float64(b.Keeper().Unsound()) })
	approvals := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redx_approvals", Help: "Approvals of updates for groups.",
	}, func() float64 { return float64(b.Plan().Approvals()) })
	m.registry.MustRegister(m.requests, revisions, unsound, approvals, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Observe counts a SOAP request. Operations are those that the server has; anything else is counted as one.
func (m *Metrics) Observe(operation, fault string, took time.Duration) {
	if operation == "" {
		operation = "none"
	}
	m.requests.WithLabelValues(operation, fault).Observe(took.Seconds())
}

// Serve answers /metrics, and leaves the rest to next.
func (m *Metrics) Serve(next http.Handler) http.Handler {
	figures := promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" {
			figures.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}
