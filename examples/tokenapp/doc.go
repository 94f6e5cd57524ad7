// Package tokenapp is an example of an app under test: it keeps an MQTT token fresh, backs off when the service says
// that it asks too often, signs in to the AICC again when its token has lapsed, chats there for a customer, and opens a
// cloud application, from the code that its server issues to the ticket that its client gets without a key, and has
// scored what pupils read aloud. Its tests show how Tokenstage drives the clock and the errors that such code lives by.
package tokenapp
