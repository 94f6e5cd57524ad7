// Package oss is Alibaba Cloud's Object Storage Service as far as issued credentials need it: objects that are uploaded
// whole, in parts or by a form, and read, listed and deleted.
package oss

import (
	"context"
	"net/http"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/api"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

const name = "oss"

// New returns the API.
func New() api.API {
	return api.API{Name: name, Handlers: map[string]api.Handler{
		"PutObject": putObject, "GetObject": getObject, "HeadObject": headObject, "DeleteObject": deleteObject,
		"PostObject":              postObject,
		"InitiateMultipartUpload": initiate, "UploadPart": uploadPart, "CompleteMultipartUpload": complete,
		"AbortMultipartUpload": abort, "ListParts": listParts,
		"ListObjects": listObjects, "ListObjectsV2": listObjectsV2,
		"GetBucketLocation": bucketLocation, "GetBucketInfo": bucketInfo,
	}}
}

// What is the same of every bucket.
const (
	location     = "oss-cn-hangzhou"
	storageClass = "Standard"
	ownerID      = "1000000000000001"
)

// instantLayout is how documents write an instant in UTC.
const instantLayout = "2006-01-02T15:04:05.000Z"

func instant(at time.Time) string { return at.UTC().Format(instantLayout) }

func owner() wire.Object {
	return wire.Object{{Name: "ID", Value: ownerID}, {Name: "DisplayName", Value: ownerID}}
}

func bucketLocation(context.Context, *sandbox.Turn, *wire.Call) (wire.Result, error) {
	return wire.Result{Body: wire.Object{{Name: "LocationConstraint", Value: location}}}, nil
}

// creation is when every bucket began to be: no call makes one, so any date before all others serves.
var creation = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func bucketInfo(_ context.Context, _ *sandbox.Turn, call *wire.Call) (wire.Result, error) {
	bucket := wire.Object{
		{Name: "Name", Value: api.Text(call, "bucket")},
		{Name: "Location", Value: location},
		{Name: "CreationDate", Value: instant(creation)},
		{Name: "ExtranetEndpoint", Value: location + ".aliyuncs.com"},
		{Name: "IntranetEndpoint", Value: location + "-internal.aliyuncs.com"},
		{Name: "StorageClass", Value: storageClass},
		{Name: "AccessControlList", Value: wire.Object{{Name: "Grant", Value: "private"}}},
		{Name: "Owner", Value: owner()},
	}
	return wire.Result{Body: wire.Object{{Name: "BucketInfo", Value: wire.Object{{Name: "Bucket", Value: bucket}}}}}, nil
}

// noContent is the answer of what deletes.
func noContent() wire.Result { return wire.Result{Status: http.StatusNoContent} }

// named is the bucket and the object of a call.
func named(call *wire.Call) (bucket, object string, err error) {
	bucket, object = api.Text(call, "bucket"), api.Text(call, "object")
	return bucket, object, checkName(object)
}

// maxName is how many bytes the name of an object has at most; its spec counts characters.
const maxName = 1023

func checkName(object string) error {
	if len(object) > maxName {
		return api.Refuse("InvalidObjectName", "parameter object", "The name of the object has more than 1,023 bytes.")
	}
	return nil
}
