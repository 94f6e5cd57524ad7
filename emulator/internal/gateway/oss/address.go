package oss

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// target is what a request is about: a bucket, an object in it, or neither.
type target struct {
	bucket, object string
	// region is that of the host, empty where it names none.
	region string
}

// parameters are those of the target, as the specs name them.
func (t target) parameters() map[string]string {
	return map[string]string{bucketName: t.bucket, objectName: t.object}
}

// domain ends the hosts of the service.
const domain = ".aliyuncs.com"

// regionLabel is the part of a host that names the region, such as oss-cn-hangzhou or oss-cn-hangzhou-internal.
var regionLabel = regexp.MustCompile(`^(?:vpc100-)?oss-([a-z0-9-]+?)(-internal)?$`)

// localDomain ends names that lead to the machine itself (RFC 6761): a label before it is a bucket.
const localDomain = ".localhost"

// nameOf is a host without its port, in lower case. Every request of every gateway is asked for its host, and most come
// without a port.
func nameOf(host string) string {
	if strings.Contains(host, ":") {
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// splitHost is the bucket and the region that a host names: BUCKET.oss-REGION.aliyuncs.com names both.
func splitHost(host string) (bucket, region string, own bool) {
	name := nameOf(host)
	if bucket, ok := strings.CutSuffix(name, localDomain); ok {
		return bucket, "", false
	}
	labels, ok := strings.CutSuffix(name, domain)
	if !ok {
		return "", "", false
	}
	service := labels
	if i := strings.LastIndexByte(labels, '.'); i >= 0 {
		bucket, service = labels[:i], labels[i+1:]
	}
	if !strings.Contains(service, "oss-") { // as those of the other products, which need no closer look
		return "", "", false
	}
	found := regionLabel.FindStringSubmatch(service)
	if found == nil {
		return "", "", false
	}
	return bucket, found[1], true
}

// isOwnHost reports whether a host is one of the service's.
func isOwnHost(host string) bool {
	_, _, own := splitHost(host)
	return own
}

// targetOf finds bucket and object: the bucket is in the host, or else the first part of the path.
func targetOf(req *wire.Request) (target, error) {
	var t target
	t.bucket, t.region, _ = splitHost(req.Host)
	path := strings.TrimPrefix(req.Path, "/")
	if t.bucket == "" {
		t.bucket, path, _ = strings.Cut(path, "/")
	}
	object, err := url.PathUnescape(path)
	if err != nil {
		t.object = path
		return t, gateway.Refuse(wire.Malformed, "path",
			"The name of the object cannot be read: a percent sign begins no escape; one itself is written %25.", "path")
	}
	t.object = object
	return t, nil
}

// resource is what is signed of a target, and what policies name behind their colons.
func (t target) resource() string {
	if t.bucket == "" {
		return "/"
	}
	return "/" + t.bucket + "/" + t.object
}
