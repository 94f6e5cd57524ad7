package top

// Digest is for the published vectors of the algorithms, which are no requests.
var Digest = digest
