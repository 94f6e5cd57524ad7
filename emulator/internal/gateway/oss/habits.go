package oss

import "github.com/tokenstage/tokenstage/emulator/internal/settings"

// Habits are those that the published sources of the clients show: without a scheme in the endpoint, ali-oss
// (initOptions.js) and aliyun-oss-go-sdk (conn.go, InitExt) speak plain HTTP.
func (Profile) Habits() settings.Habits {
	return settings.Habits{PlainHTTP: []string{"ali-oss", "aliyun-oss-go-sdk"}}
}
