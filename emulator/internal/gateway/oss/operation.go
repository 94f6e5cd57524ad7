package oss

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Parameters that choose the operation.
const (
	uploadsParameter  = "uploads"
	uploadIDParameter = "uploadId"
	partParameter     = "partNumber"
	locationParameter = "location"
	infoParameter     = "bucketInfo"
	listTypeParameter = "list-type"
)

// pick finds the operation by method, by what the path names, and by the parameters that stand for another one.
func (x *exchange) pick() error {
	if other := x.otherSubresource(); other != "" {
		return notServed(fmt.Sprintf("The parameter %q makes it an operation that is not emulated.", other), other)
	}
	action, allowed := x.bucketAction(), bucketMethods
	if x.target.object != "" {
		action, allowed = x.objectAction(), objectMethods
	}
	if x.target.bucket == "" {
		return notServed("The request names no bucket: neither the host nor the path does.", x.req.Method)
	}
	known := x.gateway.catalogue.ByAction(Name, action)
	if len(known) == 0 {
		x.allow = allowed
		return notServed(fmt.Sprintf("No operation takes %s here; %s are taken.", x.req.Method, allowed), x.req.Method)
	}
	x.op = known[0]
	x.call.API, x.call.Operation = x.op.API.Name, x.op.ID
	return nil
}

func notServed(why, got string) error {
	return gateway.Differ(wire.WrongMethod, "operation", why, "an operation that is emulated", got)
}

func (x *exchange) has(parameter string) bool {
	_, ok := x.query[parameter]
	return ok
}

// The methods that are taken on each.
const (
	objectMethods = "GET, HEAD, PUT, DELETE, POST"
	bucketMethods = "GET, POST"
)

// objectAction is the operation on an object, empty where there is none.
func (x *exchange) objectAction() string {
	inUpload := x.has(uploadIDParameter)
	switch x.req.Method {
	case http.MethodPut:
		if inUpload || x.has(partParameter) {
			return "UploadPart"
		}
		return "PutObject"
	case http.MethodGet:
		if inUpload {
			return "ListParts"
		}
		return "GetObject"
	case http.MethodHead:
		return "HeadObject"
	case http.MethodDelete:
		if inUpload {
			return "AbortMultipartUpload"
		}
		return "DeleteObject"
	case http.MethodPost:
		if x.has(uploadsParameter) {
			return "InitiateMultipartUpload"
		}
		if inUpload {
			return "CompleteMultipartUpload"
		}
	}
	return ""
}

// bucketAction is the operation on a bucket, empty where there is none.
func (x *exchange) bucketAction() string {
	switch {
	case x.req.Method == http.MethodPost && isForm(x.req):
		return "PostObject"
	case x.req.Method != http.MethodGet:
		return ""
	case x.has(locationParameter):
		return "GetBucketLocation"
	case x.has(infoParameter):
		return "GetBucketInfo"
	case x.query[listTypeParameter] == "2":
		return "ListObjectsV2"
	}
	return "ListObjects"
}

// otherSubresource is a parameter that stands for an operation which is not emulated, empty where there is none. Copies
// are named by a header.
func (x *exchange) otherSubresource() string {
	for name := range x.query {
		if slices.Contains(otherSubresources, name) {
			return name
		}
	}
	const copySource = "X-Oss-Copy-Source"
	if x.req.Header.Get(copySource) != "" {
		return strings.ToLower(copySource)
	}
	return ""
}

// ownSubresources are those of operations that are emulated, and those that change what an operation does. Signatures
// of the first version cover them, and no other parameter (documentation, "Add signatures to headers",
// CanonicalizedResource; SDK aliyun-oss-go-sdk 3.0.2, conn.go, signKeyList).
var ownSubresources = []string{
	uploadsParameter, uploadIDParameter, partParameter, locationParameter, infoParameter, tokenParameterV1, "objectMeta",
	"response-content-type", "response-content-language", "response-expires", "response-cache-control",
	"response-content-disposition", "response-content-encoding", "x-oss-traffic-limit", "x-oss-request-payer",
	"callback", "callback-var", "sequential", "continuation-token", "x-oss-ac-source-ip", "x-oss-ac-subnet-mask",
	"x-oss-ac-vpc-id", "x-oss-ac-forward-allow", "withHashContext", "x-oss-enable-md5", "x-oss-enable-sha1",
	"x-oss-enable-sha256", "x-oss-hash-ctx", "x-oss-md5-ctx",
}

// otherSubresources are those of operations that are not.
var otherSubresources = []string{
	"acl", "cors", "logging", "website", "referer", "lifecycle", "delete", "append", "tagging", "position", "img", "style",
	"styleName", "replication", "replicationProgress", "replicationLocation", "cname", "comp", "qos", "live", "status",
	"vod", "startTime", "endTime", "symlink", "x-oss-process", "udf", "udfName", "udfImage", "udfId", "udfImageDesc",
	"udfApplication", "udfApplicationLog", "restore", "qosInfo", "policy", "stat", "encryption", "versions", "versioning",
	"versionId", "requestPayment", "inventory", "inventoryId", "asyncFetch", "worm", "wormId", "wormExtend",
	"transferAcceleration", "regionList", "cloudboxes", "metaQuery", "resourceGroup", "rtc", "x-oss-async-process",
	"responseHeader",
}

// isSubresource reports whether signatures of the first version cover a parameter.
func isSubresource(name string) bool {
	return slices.Contains(ownSubresources, name) || slices.Contains(otherSubresources, name)
}
