package oss

import (
	"encoding/json"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Profile is what is known of the gateway without any spec. It implements gateway.Profile.
type Profile struct{}

// Name is "oss".
func (Profile) Name() string { return Name }

// Window is 15 minutes: documentation, "Add signatures to headers", Date.
func (Profile) Window() time.Duration { return window }

// Endpoint is the URL that SDKs take: given an IP address, they put the bucket into the path.
func (Profile) Endpoint(address string) string { return "http://" + address }

// PlainHTTP is in the URL, which SDKs take whole.
func (Profile) PlainHTTP() string { return "a URL that begins with http://" }

// selectors are the parameters that choose an operation among those of its path and method.
var selectors = map[string]string{
	"ListObjectsV2": listTypeParameter + "=2", "GetBucketLocation": locationParameter, "GetBucketInfo": infoParameter,
	"InitiateMultipartUpload": uploadsParameter, "UploadPart": partParameter + "=… " + uploadIDParameter + "=…",
	"CompleteMultipartUpload": uploadIDParameter + "=…", "AbortMultipartUpload": uploadIDParameter + "=…",
	"ListParts": uploadIDParameter + "=…", "PostObject": multipartType,
}

// Selector is the parameter that chooses the operation, empty where path and method say it all.
func (Profile) Selector(_, action, _ string) string { return selectors[action] }

// CommonParameters are those of signed URLs.
func (Profile) CommonParameters() []string {
	return []string{
		keyParameter, expiresParameter, signatureParameter, tokenParameterV1, versionParameter, credentialParameter,
		dateParameter, expiresParameterV4, signatureParameterV4, additionalParameter, tokenParameterV4,
	}
}

// Scheme is none: calls are signed with the AccessKeys of the account, and with those that were issued.
func (Profile) Scheme() sandbox.Scheme { return nil }

// Hidden has nothing to hide.
func (Profile) Hidden(json.RawMessage) (json.RawMessage, error) {
	return nil, errors.New("the gateway oss has no credentials of its own")
}

// Repeat judges a request by its signature: there is no nonce.
func (Profile) Repeat(req *wire.Request) gateway.Repeat {
	x, _ := newExchange(&Gateway{}, req) // of a form that was cut, the query tells
	switch style := x.claim.style; {
	case style == unsigned:
		return gateway.Repeat{Result: gateway.RepeatSame, Why: "this call carries no signature"}
	case style.inURL():
		return gateway.Repeat{Why: "the signature covers the end of the URL. The same bytes are good only until then"}
	case style.inForm():
		return gateway.Repeat{
			Why: "the signature covers the end of the form's policy. The same bytes are good only until then",
		}
	}
	return gateway.Repeat{Why: "the signature covers a timestamp. The same bytes are good only while that is near the " +
		"sandbox's clock"}
}

// usualRegion is that of buckets and endpoints where nothing names another.
const usualRegion = "cn-hangzhou"

// EndpointsFor are what clients are pointed at who reached the emulator by a URL of that scheme and host: the same
// address, at which SDKs put the bucket into the path where it is an IP address, or the service's own hosts for whoever
// called the real host of another service.
func EndpointsFor(scheme, host string, isReal bool) (public, internal string) {
	if isReal {
		return scheme + "://oss-" + usualRegion + domain, scheme + "://oss-" + usualRegion + "-internal" + domain
	}
	if name := nameOf(host); name == "localhost" || strings.HasSuffix(name, localDomain) {
		_, port, err := net.SplitHostPort(host)
		host = "127.0.0.1"
		if err == nil {
			host = net.JoinHostPort(host, port)
		}
	}
	return scheme + "://" + host, scheme + "://" + host
}

// Hosts are those of the regions, over the internet and inside of the cloud. Those of buckets are in Domains.
func (Profile) Hosts() []gateway.Host {
	public := gateway.Host{Pattern: "oss-<region>" + domain}
	internal := gateway.Host{Pattern: "oss-<region>-internal" + domain}
	for _, region := range regions() {
		public.Names = append(public.Names, "oss-"+region+domain)
		internal.Names = append(internal.Names, "oss-"+region+"-internal"+domain)
	}
	return []gateway.Host{public, internal}
}

// BucketPattern is how people read the hosts of buckets.
const BucketPattern = "<bucket>.oss-<region>" + domain

// Domains are those in which each bucket has a host: the hosts of the regions.
func Domains() []string {
	var all []string
	for _, host := range (Profile{}).Hosts() {
		all = append(all, host.Names...)
	}
	return all
}

// regions are those in which the service has public hosts (documentation, "Regions and endpoints"). They are listed
// because a certificate's constraint cannot say "one label here".
func regions() []string {
	return []string{
		"cn-hangzhou", "cn-shanghai", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-qingdao", "cn-beijing",
		"cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-shenzhen", "cn-heyuan", "cn-guangzhou", "cn-chengdu",
		"cn-hongkong", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5",
		"ap-southeast-6", "ap-southeast-7", "eu-central-1", "eu-west-1", "us-west-1", "us-east-1", "na-south-1",
		"me-east-1", "me-central-1",
	}
}
