package acs

import (
	"strings"
	"time"

	"github.com/tokenstage/tokenstage/emulator/internal/gateway"
	"github.com/tokenstage/tokenstage/emulator/internal/sandbox"
	"github.com/tokenstage/tokenstage/emulator/internal/wire"
)

// Profile is what is known of the gateway without any spec. It implements gateway.Profile.
type Profile struct{}

// Name is "acs".
func (Profile) Name() string { return Name }

// Window is 15 minutes: vendor page "Common parameters", Timestamp.
func (Profile) Window() time.Duration { return timeWindow }

// Endpoint is the address alone: SDKs take the protocol apart from it.
func (Profile) Endpoint(address string) string { return address }

// PlainHTTP is a setting: SDKs that are given no scheme speak HTTPS.
func (Profile) PlainHTTP() string { return `Protocol: "http" in the configuration of its SDKs` }

// Selector is an action with its version: in parameters for the RPC style, in headers for the ROA style.
func (Profile) Selector(path, action, version string) string {
	if path == rpcPath {
		return "Action=" + action + " Version=" + version
	}
	return strings.ToLower(actionHeader) + "=" + action + " " + strings.ToLower(versionHeader) + "=" + version
}

// CommonParameters are those of the RPC style, vendor page "Common parameters"; the ROA style has headers instead.
func (Profile) CommonParameters() []string {
	return []string{
		"Action", "Version", "Format", "AccessKeyId", "Signature", "SignatureMethod", "SignatureVersion", "SignatureNonce",
		"SignatureType", "Timestamp", "SecurityToken", "BearerToken", "RegionId",
	}
}

// Scheme is how the credentials are written.
func (Profile) Scheme() sandbox.Scheme { return Scheme{} }

// Repeat judges a request by its nonce, and by whether it is signed at all.
func (Profile) Repeat(req *wire.Request) gateway.Repeat {
	c := claimOf(req)
	switch {
	case c.style == unsigned:
		return gateway.Repeat{Result: gateway.RepeatSame, Why: "this call carries no signature"}
	case c.nonce != "":
		return gateway.Repeat{Why: "a nonce is good once, a timestamp for some minutes, and the signature covers both. The " +
			"bytes of a call that passed are refused with " + table[wire.UsedNonce]}
	case c.style == bearer:
		return gateway.Repeat{Result: gateway.RepeatWorks, Why: "this call needs neither nonce nor signature"}
	}
	return gateway.Repeat{Why: "the signature covers a timestamp. The same bytes are good only while that is near the " +
		"sandbox's clock"}
}

// Hosts are those that product clients go to by themselves: OnsMqtt by the endpoint rule "regional" without a map,
// inside of a VPC with -vpc (the vendor's published API metadata lists both); appstream-center (the first up to v1.1.1;
// the VPC host by that metadata) and AiContent by their endpoint maps.
func (Profile) Hosts() []gateway.Host {
	mqtt := gateway.Host{Pattern: "onsmqtt.<region>.aliyuncs.com"}
	vpc := gateway.Host{Pattern: "onsmqtt-vpc.<region>.aliyuncs.com"}
	for _, region := range regions() {
		mqtt.Names = append(mqtt.Names, "onsmqtt."+region+".aliyuncs.com")
		vpc.Names = append(vpc.Names, "onsmqtt-vpc."+region+".aliyuncs.com")
	}
	// For tests over the internet (vendor page ApplyToken, Request parameters).
	mqtt.Names = append(mqtt.Names, "onsmqtt.mq-internet-access.aliyuncs.com")
	return append([]gateway.Host{mqtt, vpc}, gateway.SingleHosts(
		"appstream-center.aliyuncs.com",
		"appstream-center.cn-shanghai.aliyuncs.com",
		"appstream-center.ap-southeast-1.aliyuncs.com",
		"appstream-center.vpc-proxy.aliyuncs.com",
		"aicontent.aliyuncs.com",
		"aicontent.cn-hangzhou.aliyuncs.com",
		"aicontent.cn-beijing.aliyuncs.com",
	)...)
}

// regions are those of Alibaba Cloud by their ids (SDK alibaba-cloud-sdk-go v1.63.107, endpoint maps of its services,
// without the vendor's internal ones; the newer ones by the endpoint map of Cms 2024-03-30). They are listed because
// the name constraint of a certificate cannot say "one label here", and without it the CA could sign for all of
// aliyuncs.com.
func regions() []string {
	return []string{
		"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", "cn-qingdao", "cn-zhangjiakou", "cn-huhehaote",
		"cn-wulanchabu", "cn-wulanchabu-gic-1", "cn-heyuan", "cn-heyuan-acdr-1", "cn-zhengzhou-jva", "cn-zhongwei",
		"cn-guangzhou", "cn-chengdu", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr",
		"cn-hongkong", "cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-shenzhen-finance-1", "cn-beijing-finance-1",
		"cn-north-2-gov-1",
		"ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
		"ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ap-southeast-8",
		"eu-central-1", "eu-west-1", "eu-west-2", "me-central-1", "me-east-1", "na-south-1", "us-east-1", "us-southeast-1",
		"us-west-1",
	}
}
