// Package store is what a workspace must not forget, on the disk: requests, the audit log, who may approve, and the policies
// that decided.
package store
