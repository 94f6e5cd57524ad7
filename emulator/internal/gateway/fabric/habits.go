package fabric

import "github.com/tokenstage/tokenstage/emulator/internal/settings"

// Habits are none: there is no published client.
func (Profile) Habits() settings.Habits { return settings.Habits{} }
