package gateways_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tokenstage/tokenstage/emulator/internal/contract"
	"github.com/tokenstage/tokenstage/emulator/internal/gateways"
)

// Every gateway is in both lists, under the name of its credentials where it has some of its own.
func TestListsAgree(t *testing.T) {
	t.Parallel()
	catalogue, err := contract.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	var served, listed []string
	for _, gw := range gateways.New(catalogue) {
		served = append(served, gw.Name())
	}
	for _, profile := range gateways.Profiles() {
		listed = append(listed, profile.Name())
		if scheme := profile.Scheme(); scheme != nil && scheme.Name() != profile.Name() {
			t.Errorf("the credentials of %s are those of %s", profile.Name(), scheme.Name())
		}
		if found, ok := gateways.Find(profile.Name()); !ok || found != profile {
			t.Errorf("%s is not found", profile.Name())
		}
	}
	slices.Sort(served)
	slices.Sort(listed)
	if !slices.Equal(served, listed) {
		t.Errorf("served %v, listed %v", served, listed)
	}
	if _, ok := gateways.Find("none"); ok {
		t.Error("a gateway is found that is not there")
	}
}

// The hosts that apps have in their configuration or that their SDKs choose.
func TestHostsOfTheRealServices(t *testing.T) {
	t.Parallel()
	hosts := gateways.Hosts()
	for _, host := range []string{
		"onsmqtt.cn-hangzhou.aliyuncs.com", "onsmqtt.mq-internet-access.aliyuncs.com", "onsmqtt.us-west-1.aliyuncs.com",
		"onsmqtt.eu-west-2.aliyuncs.com", "onsmqtt.ap-southeast-8.aliyuncs.com", "onsmqtt.cn-zhengzhou-jva.aliyuncs.com",
		"onsmqtt-vpc.cn-hangzhou.aliyuncs.com", "onsmqtt-vpc.ap-southeast-8.aliyuncs.com",
		"appstream-center.aliyuncs.com", "appstream-center.cn-shanghai.aliyuncs.com",
		"appstream-center.vpc-proxy.aliyuncs.com",
		"aicontent.aliyuncs.com", "aicontent.cn-beijing.aliyuncs.com",
		"gw.api.taobao.com", "eco.taobao.com", "service.besclouds.com",
		"oss-cn-hangzhou.aliyuncs.com", "oss-cn-shanghai-internal.aliyuncs.com",
	} {
		if !slices.Contains(hosts, host) {
			t.Errorf("%s is not served", host)
		}
	}
	sorted := slices.Sorted(slices.Values(hosts))
	if len(hosts) != len(slices.Compact(sorted)) || strings.Contains(strings.Join(hosts, " "), "<") {
		t.Errorf("not one by one: %v", hosts)
	}
	if !slices.Contains(gateways.HostPatterns(), "onsmqtt.<region>.aliyuncs.com") {
		t.Errorf("the patterns are %v", gateways.HostPatterns())
	}
}
