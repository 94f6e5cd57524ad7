package authority

import (
	"slices"
	"strings"
)

// anyRegion stands for each of the regions in a pattern.
const anyRegion = "<region>"

// localhost is the name of clients that name none: those that call an address.
const localhost = "localhost"

// Patterns are the served names as people read them.
func Patterns() []string { return append(realPatterns(), ownNames()...) }

// Hosts are the names that leaf certificates are issued for, one by one. Any name below localhost is served too.
func Hosts() []string { return append(RealHosts(), ownNames()...) }

// RealHosts are the hosts of the real services, one by one.
func RealHosts() []string {
	var all []string
	for _, pattern := range realPatterns() {
		if !strings.Contains(pattern, anyRegion) {
			all = append(all, pattern)
			continue
		}
		for _, region := range regions() {
			all = append(all, strings.Replace(pattern, anyRegion, region, 1))
		}
	}
	return all
}

func realPatterns() []string {
	return []string{
		// Product clients of OnsMqtt (endpoint rule "regional", no map).
		"onsmqtt.<region>.aliyuncs.com",
		// Product clients of appstream-center (the first up to v1.1.1) and AiContent (endpoint maps).
		"appstream-center.aliyuncs.com",
		"appstream-center.cn-shanghai.aliyuncs.com",
		"appstream-center.ap-southeast-1.aliyuncs.com",
		"aicontent.aliyuncs.com",
		"aicontent.cn-hangzhou.aliyuncs.com",
		"aicontent.cn-beijing.aliyuncs.com",
		// Taobao Open Platform: production, production over HTTPS, overseas, sandbox, pre-release.
		"gw.api.taobao.com",
		"eco.taobao.com",
		"api.taobao.com",
		"gw.api.tbsandbox.com",
		"pre-gw.api.taobao.com",
		// AICC: production (vendor's system configuration guide), and those of public clients.
		"service.besclouds.com",
		"servicestage.aicccloud.com",
		"brazilsaas.aicccloud.com",
	}
}

// ownNames are those by which an emulator is reached that stands in for nobody: on the same machine, as a service of a
// network of containers, and from a container on the machine that runs it.
func ownNames() []string { return []string{localhost, "tokenstage", "host.docker.internal"} }

// serves reports whether the emulator answers under that name, which is in lower case.
func serves(hosts []string, name string) bool {
	return slices.Contains(hosts, name) || strings.HasSuffix(name, "."+localhost)
}

// regions are those of Alibaba Cloud by their ids (SDK alibaba-cloud-sdk-go v1.63.107, endpoint maps of its services,
// without the vendor's internal ones). They are listed because a name constraint cannot say "one label here", and
// without it the CA could sign for all of aliyuncs.com.
func regions() []string {
	return []string{
		"mq-internet-access", // for tests over the internet (vendor page ApplyToken, Request parameters)
		"cn-hangzhou", "cn-shanghai", "cn-beijing", "cn-shenzhen", "cn-qingdao", "cn-zhangjiakou", "cn-huhehaote",
		"cn-wulanchabu", "cn-heyuan", "cn-guangzhou", "cn-chengdu", "cn-nanjing", "cn-fuzhou", "cn-wuhan-lr",
		"cn-hongkong", "cn-hangzhou-finance", "cn-shanghai-finance-1", "cn-shenzhen-finance-1", "cn-beijing-finance-1",
		"cn-north-2-gov-1",
		"ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3",
		"ap-southeast-5", "ap-southeast-6", "ap-southeast-7",
		"eu-central-1", "eu-west-1", "me-central-1", "me-east-1", "na-south-1", "us-east-1", "us-southeast-1", "us-west-1",
	}
}
