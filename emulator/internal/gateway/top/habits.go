package top

import "github.com/tokenstage/tokenstage/emulator/internal/settings"

// Habits are those that the published sources of the clients show, by the URL that each has in itself.
func (Profile) Habits() settings.Habits {
	return settings.Habits{PlainHTTP: []string{"the SDKs of the Taobao Open Platform for Node, PHP and Python"}}
}
