// Package tokenapp is an example of an app under test: it keeps an MQTT token fresh, backs off when the service says
// that it asks too often, and signs in to the AICC again when its token has lapsed. Its tests show how Tokenstage
// drives the clock and the errors that such code lives by.
package tokenapp
